"""Which format is meant: by its name, by a file's ending, or by what is in a file."""

import importlib
from functools import cache
from pathlib import Path

from edgehone.errors import ModelError
from edgehone.formats._base import Format
from edgehone.system import files, variants
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.user_code import is_reference

PACKAGE = "edgehone.formats"

USUAL = "tflite"
"""The format of files where none is named."""

_users: dict[str, Format | None] = {}
"""Users' formats that were named in this process, by reference; None: not imported yet."""


def names() -> list[str]:
    """The formats that come with edgehone, sorted, none of them imported."""
    return variants.module_names(PACKAGE)


def load(name: str) -> Format:
    """The format of that name, or the user's that "python:module:Class" names.

    Raises UsageError that names the known ones, ConfigError for a class that is not a format.
    """
    found = variants.built(PACKAGE, Format, name)
    if is_reference(name):
        _users[name] = found
    return found


def mention(reference: str) -> None:
    """Say that files of a user's format may come; its module is imported when one does."""
    _users.setdefault(reference, None)


def known() -> list[Format]:
    """Every format: edgehone's, and the users' that have been named."""
    places = tuple(importlib.import_module(PACKAGE).__path__)
    return [*(each() for each in _classes(places)), *filter(None, _users.values())]


@cache
def _classes(places: tuple[str, ...]) -> tuple[type[Format], ...]:
    """The formats in the folder's places, looked through once: files are recognized often."""
    return tuple(variants.load(PACKAGE, Format, name) for name in names())


def suffixes() -> tuple[str, ...]:
    """The endings of finished files."""
    return tuple(form.SUFFIX for form in known())


def of_suffix(path: Path) -> Format | None:
    """The format whose files end so, if there is one."""
    suffix = path.suffix.lower()
    found = next((form for form in known() if suffix and suffix == form.SUFFIX), None)
    for reference in [name for name, each in _users.items() if each is None and suffix]:
        if found is None and suffix == (form := load(reference)).SUFFIX:
            found = form
    return found


def of_file(path: Path) -> Format:
    """The format of a file, by its ending or else by what is in it. Raises ModelError when it is
    of none.
    """
    found = of_suffix(path)
    if found is not None:
        return found
    if not path.suffix and path.is_file():
        content = files.content(path, MODEL_BYTES, ModelError)
        for form in known():
            if form.recognizes(content):
                return form
    raise ModelError(
        f"{path} is neither {any_of('nor')} file.", "Export the model first: edgehone export"
    )


def any_of(joint: str = "or") -> str:
    """The endings in a sentence: "a .tflite or an .onnx"."""
    words = [
        f"{'an' if each[1] in 'aeiou' else 'a'} {each}" for each in sorted(suffixes(), reverse=True)
    ]
    return f" {joint} ".join(words)
