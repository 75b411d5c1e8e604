"""The user's own devices: `config.toml` in `places.user_config()`, read and changed as text."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehone.config.sections import DevicePlace
from edgehone.errors import ConfigError, UsageError
from edgehone.system.bounds import NAME_CHARACTERS, TABLES_BYTES
from edgehone.system.files import content, write_whole
from edgehone.system.library_errors import sentence, shortened
from edgehone.system.parsing import toml_of
from edgehone.system.places import user_config

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What a device may be called: a bare key of TOML that looks like no option."""


def user_file() -> Path:
    """Where the user's own devices stand."""
    return user_config() / "config.toml"


def add_device(name: str, place: DevicePlace, *, replace: bool = False) -> Path:
    """Add `[devices.NAME]` to the user's file, whose other content and comments stay as they are.

    Raises UsageError for a name that cannot be one or is taken, ConfigError when the file cannot be
    changed without touching more than that.
    """
    if not NAME.fullmatch(name) or len(name) > NAME_CHARACTERS:
        hint = f"Letters, digits, - and _, {NAME_CHARACTERS} at most, and no - at the beginning."
        raise UsageError(f"A device cannot be called {shortened(name, 80)!r}.", hint)
    file, text = user_file(), _text()
    devices = _devices(text)
    if name in devices and not replace:
        message = f"There is a device {name!r} already, in {file}."
        raise UsageError(message, "Take another name, or --replace.")
    table = place.model_dump()
    kept = _without(text, name) if name in devices else text
    lines = [f"[devices.{name}]", *(f"{key} = {_quoted(value)}" for key, value in table.items())]
    added = f"{kept.rstrip()}\n\n".lstrip() + "\n".join([*lines, ""])
    _write(added, text, {**devices, name: table})
    return file


def forget_device(name: str) -> Path:
    """Take `[devices.NAME]` out of the user's file. Raises UsageError when it is not there."""
    file, text = user_file(), _text()
    devices = _devices(text)
    if name not in devices:
        known = f"Known: {', '.join(sorted(devices))}." if devices else "It names no device."
        raise UsageError(f"Unknown device {name!r} in {file}.", known)
    rest = {key: value for key, value in devices.items() if key != name}
    _write(_without(text, name), text, rest)
    return file


def _text() -> str:
    file = user_file()
    if not file.exists():
        return ""
    try:
        return content(file, TABLES_BYTES, ConfigError).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.", "Correct the file.") from error


def _devices(text: str) -> dict[str, Any]:
    found = _parsed(text).get("devices", {})
    return found if isinstance(found, dict) else {}


def _parsed(text: str) -> dict[str, Any]:
    """A text of TOML as a table. Raises ConfigError when it is none."""
    try:
        return toml_of(text)
    except ValueError as error:
        message = f"{user_file()} is not valid TOML: {sentence(error)}."
        raise ConfigError(message, "Correct the file.") from error


def _without(text: str, name: str) -> str:
    """The text less a device's table: its head and keys, not the comments before the next head."""
    head = re.compile(rf"\s*\[\s*devices\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]")
    kept, comments, inside = list[str](), list[str](), False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            inside = head.match(line) is not None
            kept, comments = [*kept, *comments], []
        if not inside:
            kept.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            comments = []
        else:
            comments.append(line)
    return "".join([*kept, *comments])


def _write(text: str, before: str, devices: Mapping[str, Any]) -> None:
    """Write the user's file, once it is sure that nothing but its devices changes."""
    try:
        right = {**_parsed(text), "devices": _devices(text)} == {
            **_parsed(before),
            "devices": devices,
        }
    except ConfigError:
        right = False
    if not right:
        message = f"{user_file()} is laid out so that it cannot be changed safely."
        raise ConfigError(message, "Change its devices by hand: [devices.NAME], target, address.")
    write_whole(user_file(), text)


def _quoted(text: str) -> str:
    """A basic string of TOML: what JSON and TOML escape alike, and the rest as it is."""
    marks = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(marks.get(mark, mark) for mark in text) + '"'
