"""Techniques, metrics and other classes of the caller's, by the names that actions know them by."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from edgehone.actions.api.references import kind, reference
from edgehone.actions.api.references import settings_of as object_settings
from edgehone.compress._base import Technique
from edgehone.compress.importances import PACKAGE as IMPORTANCES
from edgehone.compress.importances import Importance
from edgehone.compress.recipe import PACKAGE, technique_of
from edgehone.config import load_recipes
from edgehone.errors import ConfigError, UsageError
from edgehone.system.references import PREFIX, changed_fields, fields_of, with_settings
from edgehone.values import Recipe, Step

_HINT = "Give techniques, such as [edgehone.PruneChannels(ratio=0.5), edgehone.Distill(epochs=4)]."


def techniques_of(given: Any) -> list[tuple[Step, Technique]]:
    """The steps of a recipe, each with the technique that carries it out.

    given: techniques in order: instances, classes (with their default settings), names, steps; a
    Recipe; or a recipe file with one recipe. Raises UsageError, ConfigError.
    """
    if isinstance(given, str | Path) and str(given).endswith(".toml"):
        return techniques_of(_only_recipe(Path(given)))
    steps = given.steps if isinstance(given, Recipe) else given
    if isinstance(steps, str | Technique | Step | type):
        steps = [steps]
    if not isinstance(steps, Sequence):
        raise UsageError(f"A recipe cannot be {kind(given)}.", _HINT)
    return [_technique(each) for each in steps]


def _technique(given: Any) -> tuple[Step, Technique]:
    if isinstance(given, str):
        given = Step(given)
    if isinstance(given, Step):
        written = {name: _plain(value) for name, value in given.settings.items()}
        return Step(given.technique, written), technique_of(given)
    if isinstance(given, type) and issubclass(given, Technique):
        given = _built(given)
    if isinstance(given, Technique):
        written = {name: _plain(value) for name, value in settings_of(given).items()}
        return Step(name_of(type(given)), written), given
    raise UsageError(f"A step of a recipe is {kind(given)}, and no technique.", _HINT)


def _built(technique: type[Technique]) -> Technique:
    try:
        return technique()
    except TypeError as error:
        raise ConfigError(
            f"{technique.__name__} cannot be built without settings ({error}).",
            f"Give it with them: {technique.__name__}(…).",
        ) from error


def settings_of(technique: Technique) -> Mapping[str, Any]:
    """The settings of a technique that are not its defaults, which a recipe needs to say."""
    if not is_dataclass(technique):
        raise ConfigError(
            f"{type(technique).__name__} is not a dataclass, so its settings are not known.",
            "Put @dataclass(frozen=True) above the class.",
        )
    return changed_fields(technique)


def _plain(value: Any) -> Any:
    """A setting as a recipe holds it: classes and objects of the caller's by their names."""
    kind = value if isinstance(value, type) else type(value)
    if not isinstance(value, type | Importance):
        return value
    if kind.__module__.startswith(f"{IMPORTANCES}.") and not fields_of(value):
        return kind.__module__.removeprefix(f"{IMPORTANCES}.")
    settings = {} if isinstance(value, type) else object_settings(value, "The setting")
    return with_settings(f"{PREFIX}{kind.__module__}:{kind.__qualname__}", settings)


def name_of(technique: type) -> str:
    """What recipes call a technique: "distill", or "python:module:Class" for one of the caller's,
    which can be looked up again only if it stands at the top level of a module.
    """
    package, _, module = technique.__module__.rpartition(".")
    return module if package == PACKAGE else f"{PREFIX}{technique.__module__}:{technique.__name__}"


def table_of(name: str, given: Any) -> dict[str, Any]:
    """A `[[recipe]]` table of a recipe, for a run, which keeps it as plain data."""
    steps = []
    for step, technique in techniques_of(given):
        if step.technique.startswith(PREFIX) and not isinstance(given, Recipe):
            reference(type(technique), "A technique")
        for value in vars(technique).values():
            if isinstance(value, type | Importance):
                reference(value if isinstance(value, type) else type(value), "A setting")
        steps.append({"technique": step.technique, **step.settings})
    return {"name": name, "steps": steps, **_bits(given)}


def _bits(given: Any) -> dict[str, Any]:
    if not isinstance(given, Recipe):
        return {}
    bits = given.precision
    return {
        "precision": bits.default,
        "layers": dict(bits.layers),
        "algorithm": bits.algorithm,
        "percentile": float(bits.percentile),
        "io": bits.io,
        "block": bits.block,
        "symmetric": bits.symmetric,
    }


def _only_recipe(path: Path) -> Recipe:
    found = load_recipes(path)
    if len(found) > 1:
        known = ", ".join(name for name, _ in found)
        raise UsageError(
            f"{path} has {len(found)} recipes ({known}), and one can be carried out.",
            "Give a file with one recipe, or its techniques.",
        )
    return found[0][1]
