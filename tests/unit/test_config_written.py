"""What is written as TOML is read as the same again."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone import precisions
from edgehone.config import load_recipes
from edgehone.config.written import comment, recipe_toml, toml
from edgehone.values import PrecisionPlan, Recipe, Step

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXT | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_read_as_it_was_written(value: Any) -> None:
    text = toml(value)
    assert "\n" not in text
    assert tomllib.loads(f"key = {text}") == {"key": value}


def test_keys_without_a_value_are_left_out() -> None:
    assert toml({"a": None, "b": 1}) == "{b = 1}"


RECIPES = [
    Recipe(),
    Recipe(precision=PrecisionPlan("float32")),
    Recipe(
        (
            Step(
                "prune_channels", {"channels": {"conv1+add": 8, "a.b": 4}, "importance": "taylor"}
            ),
            Step("factorize", {"ranks": {"dense": 3}, "energy": None}),
            Step("distill", {"epochs": 4, "learning_rate": 1e-05, "soft": 0.7}),
        ),
        PrecisionPlan("int8", {"layer/1": "float32"}, "mse", 99.9, "float32", 32, symmetric=True),
    ),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_read_as_it_was_written(recipe: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("\n".join([comment('by\n"x"\x1b'), recipe_toml("winner", recipe)]))
    ((name, found),) = load_recipes(file)
    said = [
        (s.technique, {k: v for k, v in s.settings.items() if v is not None}) for s in recipe.steps
    ]
    assert name == "winner"
    assert [(step.technique, dict(step.settings)) for step in found.steps] == said
    assert found.precision == recipe.precision


@pytest.mark.parametrize("precision", precisions.names())
def test_every_precision_can_be_written(precision: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(recipe_toml("winner", Recipe(precision=PrecisionPlan(precision))))
    assert load_recipes(file)[0][1].precision.default == precision
