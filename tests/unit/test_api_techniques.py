from dataclasses import dataclass
from typing import Any

import pytest

import edgehone as eh
from edgehone.actions.api.references import reference
from edgehone.actions.api.techniques import table_of, techniques_of
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress.prune_channels import PruneChannels
from edgehone.errors import ConfigError, UsageError
from edgehone.values import Recipe, Step


@dataclass(frozen=True)
class Halve(Technique):
    """Nothing, by half."""

    share: float = 0.5
    name: str = "half"

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        return Outcome(model, "nothing to do")


class Bare(Technique):
    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        return Outcome(model)


def mean_error(targets: Any, outputs: Any) -> float:
    return float(abs(targets - outputs).mean())


@pytest.mark.parametrize(
    "given",
    [
        [PruneChannels(ratio=0.25)],
        PruneChannels(),
        PruneChannels,
        "prune_channels",
        [Step("prune_channels")],
        Recipe((Step("prune_channels"),)),
    ],
)
def test_a_technique_is_given_in_any_of_these_ways(given: Any) -> None:
    ((step, technique),) = techniques_of(given)
    assert step.technique == "prune_channels"
    assert technique == PruneChannels()


def test_a_step_says_what_differs_from_the_defaults() -> None:
    ((step, _),) = techniques_of([PruneChannels(ratio=0.5, scope="global")])
    assert dict(step.settings) == {"ratio": 0.5, "scope": "global"}


def test_an_own_technique_is_passed_in_by_its_class_or_named() -> None:
    ((step, technique),) = techniques_of([Halve(share=0.25)])
    assert step == Step(f"python:{__name__}:Halve", {"share": 0.25})
    assert technique == Halve(0.25)
    ((_, named),) = techniques_of([step])
    assert named == technique


@pytest.mark.parametrize("given", [3, [3], [object()], None, [int]])
def test_what_is_no_technique_is_a_usage_error(given: Any) -> None:
    with pytest.raises(UsageError, match=r"recipe"):
        techniques_of(given)


def test_a_technique_whose_settings_are_unknown_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="Bare is not a dataclass"):
        techniques_of([Bare()])


def test_a_run_keeps_recipes_as_plain_tables() -> None:
    assert table_of("half", [eh.PruneChannels(ratio=0.5), Halve]) == {
        "name": "half",
        "steps": [
            {"technique": "prune_channels", "ratio": 0.5},
            {"technique": f"python:{__name__}:Halve"},
        ],
    }
    assert table_of("small", Recipe((), eh.PrecisionPlan("dynamic8")))["precision"] == "dynamic8"


def test_a_run_refuses_a_technique_that_cannot_be_looked_up_again() -> None:
    @dataclass(frozen=True)
    class Local(Halve):
        """Made here."""

    assert techniques_of([Local])[0][1] == Local()
    with pytest.raises(UsageError, match="cannot be found by its name"):
        table_of("local", [Local])


def test_a_function_is_known_by_where_it_stands() -> None:
    assert reference(mean_error, "metric") == f"python:{__name__}:mean_error"
    for given in (lambda a, b: 0.0, 3, object()):
        with pytest.raises(UsageError, match="metric is"):
            reference(given, "metric")
