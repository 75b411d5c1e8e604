"""How settings are refused: one sentence with the setting, its range and the value."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from edgehone.errors import ConfigError
from edgehone.system.bounds import EPOCHS, NAME_CHARACTERS, SAMPLES
from edgehone.system.library_errors import shortened


def number(name: str, value: Any, low: float, high: float, *, above: bool = False) -> None:
    """Raise ConfigError unless low <= value <= high (above: low < value)."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if real and low <= value <= high and not (above and value == low):
        return
    lower = f"above {low:g}" if above else f"at least {low:g}"
    upper = "" if high == float("inf") else f" and at most {high:g}"
    raise ConfigError(
        f"{name} = {_shown(value)} is not a number {lower}{upper}.", "Correct the setting."
    )


def integer(name: str, value: Any, low: int, high: int = SAMPLES) -> None:
    """Raise ConfigError unless value is an integer, low <= value <= high."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and low <= value <= high:
        return
    upper = f" and at most {high}" if whole and value > high else ""
    raise ConfigError(
        f"{name} = {_shown(value)} is not an integer of at least {low}{upper}.",
        "Correct the setting.",
    )


def epochs(value: Any, low: int) -> None:
    """Raise ConfigError unless value is a number of passes over the data."""
    integer("epochs", value, low, EPOCHS)


def _shown(value: Any) -> str:
    return shortened(repr(value), 80)


def known(what: str, name: str, names: Iterable[str]) -> None:
    """Raise ConfigError that suggests the nearest of `names` unless `name` is one of them."""
    choices, name = sorted(names), str(name)[:NAME_CHARACTERS]
    if name in choices:
        return
    close = get_close_matches(name, choices, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(choices) or 'none'}."
    raise ConfigError(f"There is no {what} called {name!r}.", hint)
