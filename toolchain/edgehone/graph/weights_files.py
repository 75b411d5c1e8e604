"""Whether a model file holds its own weights: HDF5 can refer to any other file of the system."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph.keras_archive import DAMAGED_HINT
from edgehone.system.archives import DAMAGED, archive, member
from edgehone.system.library_errors import sentence

_H5, _NPZ = "model.weights.h5", "model.weights.npz"
_ANEW = "Load the model where it was made, and save it again with model.save()."


def require_own_weights(path: Path) -> None:
    """Refuse a .keras or .h5 file whose weights lie in other files, or may be pickles, archives
    whose members have places outside, and files too damaged to tell: ModelError.
    """
    try:
        external = _in_archive(path) if path.suffix == ".keras" else _in_file(path)
    except (OSError, RuntimeError, TypeError, *DAMAGED) as error:
        message = f"{path} is damaged or cut short: its weights cannot be read ({sentence(error)})."
        raise ModelError(message, DAMAGED_HINT) from error
    if external:
        raise ModelError(
            f"{path} does not hold all its weights: {external[0]!r} lies in another file.", _ANEW
        )


def _in_archive(path: Path) -> list[str]:
    with archive(path) as found:
        for name in found.namelist():
            parts = PurePosixPath(name.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts:
                raise ModelError(f"{path} has a member {name!r}, which leads out of it.", _ANEW)
        if _NPZ in found.namelist():
            raise ModelError(f"{path} holds its weights as {_NPZ}, which is not read.", _ANEW)
        return _in_file(_seekable(found, _H5))


def _in_file(source: Any) -> list[str]:
    import h5py  # type: ignore[import-untyped]  # it has no types

    with h5py.File(source, "r") as file:
        return list(_external(file, set()))


def _seekable(found: zipfile.ZipFile, name: str) -> Any:
    """A member to be read here and there: as it lies in the archive, unless it is compressed."""
    if found.getinfo(name).compress_type == zipfile.ZIP_STORED:
        return found.open(name)
    return io.BytesIO(member(found, name))


def _external(group: Any, seen: set[Any]) -> Iterator[str]:
    """Names of links and arrays that lead out of the file."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            yield f"{group.name.rstrip('/')}/{name}"
            continue
        if isinstance(link, h5py.SoftLink):
            continue  # what it leads to is visited where it lies
        each = group[name]
        place = h5py.h5o.get_info(each.id).addr
        if place in seen:
            continue
        seen.add(place)
        if isinstance(each, h5py.Group):
            yield from _external(each, seen)
        elif isinstance(each, h5py.Dataset) and (each.external or each.is_virtual):
            yield str(each.name)
