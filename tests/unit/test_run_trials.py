"""Baselines as the search learns from them: looked up by precision, never by a label for people."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.search_worlds import Layer, losses_of, space_of

from edgehone.budgets import Budget, Decision
from edgehone.run.document import baseline_needs
from edgehone.run.state import Entry
from edgehone.run.trials import baseline_trial
from edgehone.search.history import Goal, Tables
from edgehone.search.shapes import weights
from edgehone.values import (
    Accuracy,
    Artifact,
    Candidate,
    DeviceInfo,
    LayerSpec,
    Measurement,
    Model,
    PrecisionPlan,
    Recipe,
    RuntimeInfo,
)

MODEL = Model(Path("m.keras"), "0" * 64, 100, 100)
INT8 = Candidate(MODEL, Recipe((), PrecisionPlan("int8")))
LABELS = ("int8", "int8+float32", "int8+int8x4+float32")


def entry(label: str, accuracy: Accuracy, candidate: Candidate | None = None) -> Entry:
    artifact = Artifact(Path("m.tflite"), "tflite", label, 1000, 800, "1" * 64, candidate)
    measured = Measurement(
        artifact,
        DeviceInfo("pi", "raspberry-pi-4"),
        RuntimeInfo("litert", "2", "xnnpack", 1),
        None,
        None,
        accuracy,
    )
    return Entry(f"teacher {label}", 0, artifact, measured, Decision(measured, (), "pass"))


def scored(*, drop: float = 0.0, changed: tuple[int, int] = (0, 0)) -> Accuracy:
    return Accuracy(
        "accuracy", 0.9, 300, (0.86, 0.93), 1.0, drop, (drop - 0.02, drop + 0.02), True, changed
    )


@pytest.mark.parametrize("candidate", [None, INT8], ids=["labelled", "built"])
@pytest.mark.parametrize("label", LABELS)
def test_a_baseline_that_partly_stays_float_teaches_as_int8(
    label: str, candidate: Candidate | None
) -> None:
    spec = LayerSpec("dense", 1, 1, 16, 8)
    space = space_of({}, [Layer("d", spec, {}, 16, None)], ("int8", "float32"))
    tables = Tables(
        space, losses_of({}, {}, {}), lambda spec, precision, default: 1e-6 * weights(spec)
    )
    found = baseline_trial(
        entry(label, scored(), candidate), tables, Goal("latency_p50_ms", True, ())
    )
    assert found.plan == space.unchanged("int8")


@pytest.mark.parametrize("label", LABELS)
def test_budgets_that_cannot_be_proven_are_told_by_an_int8_baseline_of_any_label(
    label: str,
) -> None:
    budgets = (Budget("accuracy_drop", "max", 0.01),)
    baselines = [entry("float32", scored()), entry(label, scored(changed=(6, 6)))]
    (need,) = baseline_needs(budgets, baselines, "tflite")
    assert need.changed == 12


def test_other_precisions_are_no_int8_baseline() -> None:
    found = replace(entry("int8x4+float32", scored()).artifact)
    assert found.default_precision == "int8x4"
