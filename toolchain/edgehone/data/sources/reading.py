"""Reads a source of any kind into arrays by name."""

from collections.abc import Sequence
from pathlib import Path

from edgehone.data.sources import kinds
from edgehone.data.sources._base import HINT, PLAIN, TRAINING, Raw, Reading, Shape
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.labels import labelled
from edgehone.errors import DataError
from edgehone.system import variants
from edgehone.system.user_code import is_reference


def read(
    source: str,
    shape: Shape | None = None,
    dtype: str = "float32",
    *,
    needed: Sequence[str] = TRAINING,
    how: Reading = PLAIN,
) -> Raw:
    """The arrays of a source by name: "x", "y", or "x_train", "y_train", "x_val", ….

    shape, dtype: of one sample as the model takes it, which images are resized to. needed: the
    source has to have one of these arrays. how: what the source does not say itself.
    Raises DataError when the source is missing, damaged or holds no such arrays.
    """
    path = Path(source).expanduser()
    if not is_reference(source) and not path.exists():
        raise DataError(f"There is no data at {source!r}.", HINT)
    kind = next((each for each in _known() if each.takes(source, path)), None)
    if kind is None:
        raise DataError(f"{source!r} is neither a file that is known as data nor a folder.", HINT)
    return labelled(kind.read(source, path, Request(shape, dtype, needed, how)), source, how)


def _known() -> list[Source]:
    names = variants.names(kinds.__name__, Source)
    found = [variants.load(kinds.__name__, Source, name)() for name in names]
    return sorted(found, key=lambda each: each.ORDER)
