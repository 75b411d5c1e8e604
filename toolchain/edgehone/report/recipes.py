"""A recipe in one line of words."""

from collections.abc import Mapping

from edgehone.values import Recipe, Step

MOST_SETTINGS = 2
"""Settings of a step, and layers of a setting, that are spelled out; the store has them all."""


def recipe_words(recipe: Recipe) -> str:
    """A recipe on one line: prune_channels(ratio=0.5) → distill(epochs=6) → int8."""
    others = sorted(set(recipe.precision.layers.values()))
    precision = " + ".join([recipe.precision.default, *others])
    return " → ".join([*map(_step_words, recipe.steps), precision])


def _step_words(step: Step) -> str:
    settings = list(step.settings.items())
    words = [f"{name}={_setting(value)}" for name, value in settings[:MOST_SETTINGS]]
    more = ["…"] if len(settings) > MOST_SETTINGS else []
    return f"{step.technique}({', '.join([*words, *more])})"


def _setting(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        if len(value) > MOST_SETTINGS:
            return f"{len(value)} layers"
        return " ".join(f"{name}:{_setting(item)}" for name, item in value.items())
    return str(value)
