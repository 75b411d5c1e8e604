"""Whatever was asked and measured: exit code 0 says that every budget was really answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.actions.gate.judgement import Judgement
from edgehone.budgets import Budget
from edgehone.cli.commands.gate import exit_of
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import decide_all
from edgehone.decide.timing import Timing
from edgehone.errors import ConfigError, DeviceError
from edgehone.measure.fleet import Lost
from edgehone.values import (
    Accuracy,
    Artifact,
    DeviceInfo,
    Latency,
    Measurement,
    Memory,
    RuntimeInfo,
    Verdict,
)

NAMES = ("pi", "phone", "Pi", "pi ", "board")
VERDICTS: tuple[Verdict, ...] = ("valid", "noisy", "throttled", "contended", "emulated")
ARTIFACT = Artifact(Path("m.tflite"), "tflite", "int8", 1000, 800, "0" * 64)
TIMED = tuple(name for name, each in METRICS.items() if each.timed)
SIZES = {"size_bytes": 1000.0, "compressed_bytes": 800.0}
TYPICAL: Mapping[str, float] = {
    **SIZES,
    **dict.fromkeys(TIMED, 2.0),
    "peak_memory_bytes": 5000.0,
    "instructions": 12_000.0,
    "accuracy": 0.9,
    "accuracy_drop": 0.01,
    "agreement": 0.95,
}


@dataclass(frozen=True)
class Asked:
    """Budgets, what was measured of them, and how."""

    budgets: tuple[Budget, ...]
    measurements: tuple[Measurement, ...]
    lost: tuple[str, ...]
    timings: Mapping[str, Timing]


def measured(name: str, faults: Collection[str] = (), blocks: int = 12) -> Measurement:
    """One of a device, with what is wrong with it by name."""
    times = ((1.99, 2.0, 2.01),) * blocks
    drop = (None, None) if "no drop" in faults else (0.01, (0.0, 0.02))
    scores = Accuracy("accuracy", 0.9, 1000, (0.88, 0.92), 0.95, *drop)
    doubted = {"unconfirmed": "it does not say what it is"}
    verdict: Verdict = next((each for each in VERDICTS if each in faults), "valid")
    return Measurement(
        ARTIFACT,
        DeviceInfo(name, "arm-cpu", emulated="made up" in faults),
        RuntimeInfo("litert", "2", "xnnpack", 1),
        None if "no times" in faults else Latency(times, (2.0,) * blocks, (2.0,) * blocks),
        None if "no memory" in faults else Memory(5000, 1000, 90_000),
        None if "no scores" in faults else scores,
        instructions=None if "no count" in faults else 12_000,
        conditions=doubted if "doubted" in faults else {},
        verdict=verdict,
    )


FAULTS = (
    *("no times", "no memory", "no count", "no scores", "no drop"),
    *("made up", "doubted"),
    *VERDICTS[1:],
)


@st.composite
def measurements(draw: st.DrawFn, name: str) -> Measurement:
    """One of a device, with few things wrong."""
    faults = draw(st.sets(st.sampled_from(FAULTS), max_size=2))
    return measured(name, faults, draw(st.sampled_from([1, 2, 12])))


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    lost = names[1:] if draw(st.integers(0, 4)) == 0 else []
    there = [name for name in names if name not in lost]
    budgets = draw(st.lists(budget(names), min_size=1, max_size=4))
    timed = draw(st.booleans())
    return Asked(
        tuple(budgets),
        tuple(draw(measurements(name)) for name in there),
        tuple(lost),
        {name: Timing() for name in there} if timed else {},
    )


@st.composite
def budget(draw: st.DrawFn, names: Sequence[str]) -> Budget:
    metric = draw(st.sampled_from(list(TYPICAL)))
    bound: Literal["max", "min"] = draw(st.sampled_from(["max", "max", "min"]))
    loose = draw(st.sampled_from([1.5, 1.5, 1.5, 1.0, 0.5]))
    limit = TYPICAL[metric] * (loose if bound == "max" else 1 / loose)
    device = draw(st.sampled_from(["", "", *names, *NAMES]))
    return Budget(metric, bound, limit, device)


def value_of(found: Measurement, metric: str) -> tuple[float, ...]:
    """The value and its interval's ends, told without the gate's own reading; () unknown."""
    if metric in SIZES:
        return (SIZES[metric],)
    if found.conditions or (found.device.emulated and metric not in SCORES_AND_COUNTS):
        return ()
    scores = found.accuracy
    known: dict[str, tuple[float, ...]] = {
        **(dict.fromkeys(TIMED, (2.0,)) if found.latency else {}),
        **({"peak_memory_bytes": (5000.0,)} if found.memory else {}),
        **({"instructions": (12_000.0,)} if found.instructions else {}),
        **({"accuracy": (0.9, 0.88, 0.92), "agreement": (0.95,)} if scores else {}),
        **({"accuracy_drop": (0.01, 0.0, 0.02)} if scores and scores.drop is not None else {}),
    }
    return known.get(metric, ())


SCORES_AND_COUNTS = ("accuracy", "accuracy_drop", "agreement", "instructions")


def trusted(found: Measurement, budget: Budget, timings: Mapping[str, Timing]) -> bool:
    """Whether a clock's word on the budget counts."""
    if budget.metric not in TIMED or found.verdict == "valid":
        return True
    if found.verdict == "noisy":
        return found.device.name in timings
    return found.verdict in ("throttled", "contended") and budget.bound == "max"


def keeps(value: float, budget: Budget) -> bool:
    return value <= budget.limit if budget.bound == "max" else value >= budget.limit


def answered(budget: Budget, what: Asked) -> bool:
    """Whether a budget is kept by real measurements of every device that it is about."""
    about = [m for m in what.measurements if budget.device in ("", m.device.name)]
    lost = [name for name in what.lost if budget.device in ("", name)]
    known = [value_of(found, budget.metric) for found in about]
    return bool(
        about
        and not lost
        and all(known)
        and all(keeps(value, budget) for values in known for value in values)
        and all(trusted(found, budget, what.timings) for found in about)
    )


def exit_code(what: Asked) -> tuple[int, Any]:
    decision = decide_all(what.measurements, what.budgets, what.lost, what.timings)
    gone = tuple(Lost(name, DeviceError("gone", "mend it")) for name in what.lost)
    value = Judgement((decision,), what.measurements, gone).document
    return exit_of(value), value


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(asked())
def test_exit_code_0_says_that_every_budget_was_answered_by_a_real_measurement(
    what: Asked,
) -> None:
    try:
        code, value = exit_code(what)
    except ConfigError:  # nothing was asked of any device that was named
        names = [each.device.name for each in what.measurements] + list(what.lost)
        assert all(each.device not in ("", *names) for each in what.budgets)
        return
    if code == 0:
        assert all(answered(each, what) for each in what.budgets)
        assert what.lost == ()
    lines = [(each["metric"], each["limit"]) for each in value["checks"]]
    assert all((each.metric, each.limit) in lines for each in what.budgets)
    named = {each["device"] for each in value["checks"]}
    assert {each.device for each in what.budgets} <= {"", *named}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(asked(), st.data())
def test_asking_more_never_turns_another_code_into_0(what: Asked, data: st.DataObject) -> None:
    more = data.draw(budget([each.device.name for each in what.measurements]))
    try:
        before, _ = exit_code(what)
    except ConfigError:
        return
    after, _ = exit_code(Asked((*what.budgets, more), what.measurements, what.lost, what.timings))
    assert before == 0 or after != 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*combinations(FAULTS, 1), *combinations(FAULTS, 2)])
def test_no_fault_is_answered_for(fault: tuple[str, ...]) -> None:
    bounds: tuple[Literal["max", "min"], ...] = ("max", "min")
    for metric, bound in product(TYPICAL, bounds):
        limit = TYPICAL[metric] * (1.5 if bound == "max" else 0.5)
        budgets = (Budget(metric, bound, limit),)
        for timings in ({}, {"pi": Timing()}):
            what = Asked(budgets, (measured("pi", fault, 2),), (), timings)
            if exit_code(what)[0] == 0:
                assert answered(budgets[0], what)


@pytest.mark.parametrize("metric", TYPICAL)
def test_a_calm_device_that_keeps_its_limits_passes(metric: str) -> None:
    limit = max(TYPICAL[metric] * 1.5, 0.03)
    what = Asked((Budget(metric, "max", limit, "pi"),), (measured("pi"),), (), {"pi": Timing()})
    assert exit_code(what)[0] == 0
