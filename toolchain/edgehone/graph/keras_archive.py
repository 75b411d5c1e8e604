"""What a .keras file holds, read no further than there is room for, before Keras sees it."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.system.archives import DAMAGED, archive, member, require_method, require_room
from edgehone.system.bounds import DESCRIPTION_BYTES, BeyondBoundsError
from edgehone.system.files import reading
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import json_of

CONFIG, METADATA = "config.json", "metadata.json"
DAMAGED_HINT = "Copy the file again, or save the model again with model.save()."


def described(path: Path) -> Any:
    """The description of the model in a .keras file, as it stands there.

    Raises ModelError for what is damaged, beyond bounds, or no Keras model.
    """
    with _opened(path) as found:
        _require(found, path)
        return json_of(member(found, CONFIG, DESCRIPTION_BYTES))


def metadata(path: Path) -> Mapping[str, Any]:
    """What a .keras file says of itself: "keras_version", "date_saved". Raises ModelError."""
    with _opened(path) as found:
        _require(found, path)
        about = json_of(member(found, METADATA, DESCRIPTION_BYTES))
    if not isinstance(about, dict):
        raise ModelError(f"{METADATA} in {path} is not a table.", DAMAGED_HINT)
    return about


def members(path: Path) -> dict[str, bytes]:
    """Everything in a .keras file, unpacked: then it is as large as it says. Raises ModelError."""
    with _opened(path) as found:
        return {info.filename: member(found, info.filename) for info in found.filelist}


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with reading(path), archive(path) as found:
            require_room(found.filelist)
            for info in found.filelist:
                require_method(info)
            yield found
    except BeyondBoundsError as error:
        raise ModelError(f"{path} cannot be read: {error}.", DAMAGED_HINT) from error
    except DAMAGED as error:
        message = f"{path} is damaged or cut short ({sentence(error)})."
        raise ModelError(message, DAMAGED_HINT) from error


def _require(found: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that Keras has not written: ModelError."""
    for name in (CONFIG, METADATA):
        if name not in found.namelist():
            message = f"{path} is a ZIP archive, but not of a Keras model: it has no {name}."
            raise ModelError(message, DAMAGED_HINT)
