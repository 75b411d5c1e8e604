"""Kinds of device: facts from TOML profiles, shipped ones and the user's own."""

import json
import os
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from edgehone.errors import ConfigError
from edgehone.files import reading
from edgehone.values import PRECISIONS

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Target:
    """Facts about one kind of device; where it is and what is wanted of it stand elsewhere.

    channel_multiple: widths that use the vector unit fully. A measuring block warms up for
    warmup_s, then lasts at least minimum_s and at least minimum_count inferences; an artifact
    gets `blocks` of them, each in a fresh process. precisions: those worth searching, the first
    being the default. Above temperature_limit_c a device is taken to throttle; cooldown_s is how
    long it then rests.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    name: str
    description: str = ""
    architecture: str = "any"
    channel_multiple: Count = 8
    runtime: str = "litert"
    delegate: str = "xnnpack"
    threads: Count = 1
    warmup_s: Seconds = 0.1
    minimum_s: Positive = 0.3
    minimum_count: Count = 30
    blocks: Count = 5
    emulated: bool = False
    precisions: tuple[str, ...] = ("int8", "float32")
    temperature_limit_c: Positive = 80.0
    cooldown_s: Seconds = 5.0


def folder() -> Path:
    """The folder of shipped profiles and of the runner program: in the package or the checkout.

    Raises ConfigError when the installation has neither.
    """
    here = Path(__file__).resolve().parent
    for found in (here / "_targets", here.parents[1] / "targets"):
        if (found / "local.toml").is_file():
            return found
    raise ConfigError("The target profiles are missing.", "Install edgehone again.")


def runner_program() -> Path:
    """The program that runs on devices, in Python."""
    return folder() / "runner" / "runner.py"


def user_folder() -> Path:
    """Where users put profiles of their own: `$XDG_CONFIG_HOME/edgehone/targets`."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "edgehone" / "targets"


def profiles() -> dict[str, Target]:
    """All targets by name, sorted; a user's profile replaces a shipped one of the same name.

    Raises ConfigError naming the file and key when a profile cannot be used.
    """
    files = [*folder().glob("*.toml"), *user_folder().glob("*.toml")]
    found = {file.stem: file for file in files}
    return {name: load(found[name]) for name in sorted(found)}


def named(name: str) -> Target:
    """The target called `name`. Raises ConfigError that suggests the nearest one."""
    for place in (user_folder(), folder()):
        if name == Path(name).name and (place / f"{name}.toml").is_file():
            return load(place / f"{name}.toml")
    raise ConfigError(f"There is no target {name!r}.", _suggestion(name, sorted(profiles())))


def load(file: Path) -> Target:
    """One profile; its name is the file's. Raises ConfigError naming the file and the key."""
    with reading(file):
        content = file.read_bytes()
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no TOML: {error}.", "Correct the file.") from error
    known = sorted(set(Target.__dataclass_fields__) - {"name"})
    for key in table:
        if key not in known:
            raise ConfigError(f"{file}: unknown key {key!r}.", _suggestion(key, known))
    return _checked(file, table)


def _checked(file: Path, table: dict[str, Any]) -> Target:
    try:
        facts = json.dumps({**table, "name": file.stem}, default=str)
        target = TypeAdapter(Target).validate_json(facts)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"{file}: {key} = {first['input']!r}: {first['msg']}."
        raise ConfigError(message, "Correct the value in the profile.") from error
    unknown = [precision for precision in target.precisions if precision not in PRECISIONS]
    if unknown or not target.precisions:
        message = f"{file}: precisions = {list(target.precisions)!r}: {unknown or 'none'} unknown."
        raise ConfigError(message, f"Known precisions: {', '.join(PRECISIONS)}.")
    return target


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
