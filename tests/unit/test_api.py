import ast
import inspect
import re
import subprocess
import sys
from importlib.resources import files

import pytest

import edgehone
from edgehone.actions.api.explained import explained
from edgehone.compress._base import Technique
from edgehone.system import variants

PUBLIC = [
    "Artifact",
    "Benchmark",
    "Budget",
    "BudgetMetric",
    "Candidate",
    "Cluster",
    "Compared",
    "Decision",
    "Distill",
    "DropBlocks",
    "EdgehoneError",
    "Event",
    "Exported",
    "Factorize",
    "Format",
    "Importance",
    "Inspection",
    "Judgement",
    "Kits",
    "Measurement",
    "Options",
    "Outcome",
    "PrecisionPlan",
    "Progress",
    "Proposal",
    "PruneChannels",
    "PruneWeights",
    "QuantizeAware",
    "Reading",
    "Recipe",
    "Repacking",
    "Run",
    "ScaleDepth",
    "ScaleWidth",
    "Section",
    "Signer",
    "Slim",
    "SoftTree",
    "Step",
    "StepReport",
    "Stop",
    "Strategy",
    "Task",
    "TaskKind",
    "Technique",
    "TrainingContext",
    "TrainingOptions",
    "Trust",
    "WidenChannels",
    "app",
    "app_measurements",
    "bench",
    "bundle",
    "compare",
    "compress",
    "devices",
    "digits",
    "errors",
    "export",
    "gate",
    "inspect",
    "learn",
    "release",
    "repack",
    "run",
    "techniques",
    "verify",
]

HEAVY = ("tensorflow", "keras", "numpy", "pydantic", "rich", "typer", "sqlalchemy")


def test_the_public_names_are_these() -> None:
    assert edgehone.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(edgehone))


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    for name in PUBLIC:
        assert (getattr(edgehone, name).__doc__ or "").strip(), name


def test_every_parameter_of_a_public_function_is_explained() -> None:
    missing = [
        f"{name}({parameter})"
        for name in PUBLIC
        if inspect.isfunction(function := getattr(edgehone, name))
        for parameter in inspect.signature(function).parameters
        if not re.search(rf"^{parameter}: \S", function.__doc__ or "", re.MULTILINE)
    ]
    assert missing == []


def test_a_parameter_without_words_is_refused_and_own_words_go_first() -> None:
    def weigh(seed: int, grams: int) -> None:
        """Weigh.

        Returns nothing.
        """

    with pytest.raises(KeyError, match="grams"):
        explained({})(weigh)
    words = explained({"grams": "how heavy.", "seed": "of the scales."})(weigh).__doc__
    assert words == "Weigh.\n\nseed: of the scales.\ngrams: how heavy.\n\nReturns nothing."


def test_functions_are_not_replaced_by_the_folders_of_their_names() -> None:
    import edgehone.compress.distill
    import edgehone.devices.local
    import edgehone.export.artifacts
    import edgehone.run.loop

    for name in ("compress", "devices", "export", "run"):
        assert callable(getattr(edgehone, name)), name
    assert edgehone.run.__name__ == "run"


def test_every_technique_in_the_folder_is_public_by_its_class_name() -> None:
    for name in variants.names("edgehone.compress", Technique):
        kind = variants.load("edgehone.compress", Technique, name)
        assert getattr(edgehone, kind.__name__) is kind


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(edgehone, "prune")
    assert not hasattr(edgehone, "Prune")


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); import edgehone; print(set(sys.modules) - before)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = ast.literal_eval(found.stdout)
    assert not imported & set(HEAVY)
    assert [name for name in imported if name.startswith("edgehone")] == ["edgehone"]


def test_the_package_is_typed() -> None:
    assert files("edgehone").joinpath("py.typed").is_file()
