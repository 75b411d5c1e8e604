"""What the columns of a table are for: samples, targets, groups, times, splits."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from edgehone.data.sources._base import Reading
from edgehone.errors import DataError
from edgehone.system.bounds import TABLE_COLUMNS
from edgehone.system.settings import FEATURES, TARGET

USUAL_TARGETS = ("target", "label", "class", "y")
"""Names of a column that is the target where none is named, in any case."""


@dataclass(frozen=True)
class Roles:
    """Columns by what they are for; group, time, split: "" where there is none."""

    features: tuple[str, ...]
    target: tuple[str, ...]
    group: str = ""
    time: str = ""
    split: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        """Every column that is read, once."""
        beside = (each for each in (self.group, self.time, self.split) if each)
        return tuple(dict.fromkeys((*self.features, *self.target, *beside)))


def roles_of(header: Sequence[str], how: Reading, source: str) -> Roles:
    """The roles of a table's columns. Raises DataError for a name that is not one of them."""
    _require_header(header, source)
    target = how.target or _usual_target(header, source)
    for name in (*target, *how.features, how.group, how.time, how.split):
        if name and name not in header:
            raise _unknown(name, header, source)
    taken = {*target, how.group, how.time, how.split}
    features = how.features or tuple(name for name in header if name not in taken)
    seen = next((name for name in features if name in target), None)
    if seen is not None:
        raise DataError(
            f"Column {seen!r} of {source} is the target, and one of the features.",
            f"Leave it out of {FEATURES}: a model that sees the answer learns nothing else.",
        )
    if not features:
        raise DataError(f"{source} has no column beside the target.", f"See {FEATURES}.")
    return Roles(features, target, how.group, how.time, how.split)


def _require_header(header: Sequence[str], source: str) -> None:
    if len(header) > TABLE_COLUMNS:
        raise DataError(
            f"{source} has {len(header):,} columns, more than are read ({TABLE_COLUMNS:,}).",
            "Save wide samples as an .npz file or a folder of .npy files.",
        )
    if header and all(map(_is_number, header)):
        raise DataError(
            f"{source} has no names of columns: its first line has numbers alone.",
            "Write the names of the columns into the first line.",
        )
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{source} has two columns {twice!r}.", "Rename one of them.")


def _usual_target(header: Sequence[str], source: str) -> tuple[str, ...]:
    found = [name for name in header if name.strip().casefold() in USUAL_TARGETS]
    if len(found) != 1:
        raise DataError(
            f"{source} does not say which column is the target.",
            f"Set {TARGET.set(header[-1] if header else 'NAME')}; columns: {_listed(header)}.",
        )
    return (found[0],)


def _unknown(name: str, header: Sequence[str], source: str) -> DataError:
    close = get_close_matches(name, header, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Columns: {_listed(header)}."
    return DataError(f"{source} has no column {name!r}.", hint)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
