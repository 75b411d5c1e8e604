"""Plans as recipes."""

from tests.search_worlds import space_of

from edgehone.search.plan import Chosen, Plan
from edgehone.search.recipes import bits_of, recipe_of
from edgehone.values import Recipe, Step

SPACE = space_of({"a": (16, 8)}, (), ("int8", "float32"))
TRAINING = {"epochs": 3, "batch_size": 32, "soft": 0.6, "hard": 0.4, "features": 0.1}


def plan(*, kept: int = 16, rank: int = 0, default: str = "int8", head: str = "int8") -> Plan:
    choices: Chosen = {
        "prune_channels": {"a": kept},
        "factorize": {"a": rank},
        "precision": {"a": default, "head": head},
    }
    return Plan(choices, default)


def test_recipe_of_the_model_as_it_is_has_no_steps() -> None:
    assert recipe_of(plan(), SPACE, TRAINING) == Recipe((), bits_of(plan(), SPACE))


def test_recipe_prunes_then_factorizes_then_trains() -> None:
    steps = recipe_of(plan(kept=8, rank=2), SPACE, TRAINING).steps
    assert steps == (
        Step("prune_channels", {"channels": {"a": 8}}),
        Step("factorize", {"ranks": {"a": 2}}),
        Step("distill", TRAINING),
    )


def test_recipe_trains_for_the_rounding_of_integer_layers_last() -> None:
    steps = recipe_of(plan(kept=8, head="float32"), SPACE, TRAINING, 2).steps
    assert [step.technique for step in steps] == ["prune_channels", "distill", "quantize_aware"]
    settings = dict(steps[-1].settings)
    assert settings["epochs"] == 2
    assert settings["bits"] == "int8"
    assert settings["layers"] == {"head": "float32"}
    assert settings["batch_size"] == 32
    assert "features" not in settings


def test_recipe_trains_no_float_model_for_rounding() -> None:
    assert recipe_of(plan(default="float32", head="dynamic8"), SPACE, TRAINING, 2).steps == ()
    mixed = recipe_of(plan(default="float32"), SPACE, TRAINING, 2).steps
    assert mixed[-1].settings["bits"] == "float32"
    assert mixed[-1].settings["layers"] == {"head": "int8"}


def test_recipe_shares_no_weights_of_losses_that_are_all_zero() -> None:
    training = {**TRAINING, "soft": 0.0, "hard": 0.0}
    settings = recipe_of(plan(), SPACE, training, 1).steps[-1].settings
    assert "soft" not in settings
    assert "hard" not in settings
