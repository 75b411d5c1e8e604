"""Kinds of device: facts from TOML profiles, shipped ones and the user's own."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from edgehone import precisions
from edgehone.errors import ConfigError
from edgehone.system import bounds, variants
from edgehone.system.bounds import NAME_CHARACTERS
from edgehone.system.library_errors import shortened
from edgehone.system.places import shipped_targets, user_config
from edgehone.system.tables import tables_of
from edgehone.values import NOTHING

Positive = Annotated[float, Field(gt=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Patience = Annotated[float, Field(ge=0, le=bounds.PATIENCE_S, allow_inf_nan=False)]
WarmupSeconds = Annotated[float, Field(ge=0, le=bounds.BLOCK_S, allow_inf_nan=False)]
BlockSeconds = Annotated[float, Field(gt=0, le=bounds.BLOCK_S, allow_inf_nan=False)]
Blocks = Annotated[int, Field(ge=1, le=bounds.BLOCKS)]
Inferences = Annotated[int, Field(ge=1, le=bounds.INFERENCES)]
Threads = Annotated[int, Field(ge=1, le=bounds.THREADS)]
Core = Annotated[int, Field(ge=0, lt=bounds.THREADS)]
STRICT = ConfigDict(extra="forbid", strict=True)

ARCHITECTURES = ("any", "x86_64", "aarch64", "armv7l")
"""Those that programs and wheels exist for, as `uname -m` names them."""


@dataclass(frozen=True)
class Sensors:
    """How a device is asked for its state. Files are patterns of one-number files.

    clock_khz: clocks of the CPUs; temperature_mc: thousandths of a degree Celsius; governor: what
    steers the clock. commands: programs run before and after each block, by the name under which
    `measure.conditions` reads their output: "throttled" (as `vcgencmd get_throttled`), "thermal"
    and "battery" (as Android's `dumpsys thermalservice` and `dumpsys battery`).
    """

    __pydantic_config__ = STRICT

    clock_khz: str = "/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"
    temperature_mc: str = "/sys/class/thermal/thermal_zone*/temp"
    governor: str = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    commands: Mapping[str, tuple[str, ...]] = NOTHING


@dataclass(frozen=True)
class Switch:
    """A setting that one command switches on and another one off."""

    __pydantic_config__ = STRICT

    on: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True)
class Steady:
    """What is set while a device measures, where that is permitted, and put back afterwards.

    files: value by pattern of one-value files; commands: switched on before and off after.
    """

    __pydantic_config__ = STRICT

    files: Mapping[str, str] = NOTHING
    commands: tuple[Switch, ...] = ()


@dataclass(frozen=True)
class Target:
    """Facts about one kind of device; where it is and what is wanted of it stand elsewhere.

    architecture: as `uname -m` names it, or any. models:
    patterns of what a device says it is (/proc/device-tree/model, Android's ro.product.model), of
    which one must fit; none: any model. features: of its processor, as Linux names them
    (asimddp: int8 dot products, asimdhp: fp16, i8mm). cores: how many; big_cores: the numbers of
    those worth measuring on, to which the runner is then pinned (none: not pinned).
    memory_bytes: all its memory. address: where it is when no address is given (machines that are
    always there). channel_multiple: widths that use the vector unit fully. program: what answers
    there, a name of `edgehone.runners`; packages: what `devices setup` brings for it, as pip
    names them. A measuring block warms up for warmup_s, then lasts at least minimum_s and at least
    minimum_count inferences; an artifact gets `blocks` of them, each in a fresh process.
    precisions: those worth searching, the first being the default. Before it measures, a device is
    waited for until it is below temperature_limit_c and its load average per core below idle_load,
    patience_s at most; above the limit a device is taken to throttle; cooldown_s is how long it
    then rests. instructions: whether it counts the instructions of an inference.
    """

    __pydantic_config__ = STRICT

    name: str
    description: str = ""
    architecture: str = "any"
    models: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    cores: Threads | None = None
    big_cores: tuple[Core, ...] = ()
    memory_bytes: Annotated[int, Field(ge=1, le=bounds.MEMORY_BYTES)] | None = None
    address: str = ""
    channel_multiple: Annotated[int, Field(ge=1, le=2**16)] = 8
    runtime: str = "litert"
    delegate: str = "xnnpack"
    program: str = "python"
    packages: tuple[str, ...] = ("ai-edge-litert>=2.1", "onnxruntime", "numpy")
    threads: Threads = 1
    warmup_s: WarmupSeconds = 0.1
    minimum_s: BlockSeconds = 0.3
    minimum_count: Inferences = 30
    blocks: Blocks = 5
    emulated: bool = False
    instructions: bool = False
    precisions: tuple[str, ...] = ("int8", "float32")
    temperature_limit_c: Positive = 80.0
    cooldown_s: Patience = 5.0
    idle_load: Positive = 0.5
    patience_s: Patience = 60.0
    sensors: Sensors = field(default_factory=Sensors)
    steady: Steady = field(default_factory=Steady)


TABLES = {"": Target, "sensors": Sensors, "steady": Steady, "steady.commands": Switch}
"""What the tables of a profile are made of."""


def folder() -> Path:
    """The folder of shipped profiles and of the runner program: in the package or the checkout.

    Raises ConfigError when the installation has neither.
    """
    found = shipped_targets()
    if found is None:
        raise ConfigError("The target profiles are missing.", "Install edgehone again.")
    return found


def runner_source(name: str) -> Path:
    """A file of the program that runs on devices: runner.py, runner.c."""
    return folder() / "runner" / name


def user_folder() -> Path:
    """Where users put profiles of their own."""
    return user_config() / "targets"


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
    raise ConfigError(
        f"Unknown target {shortened(name, NAME_CHARACTERS)!r}.",
        _suggestion(name, sorted(profiles())),
    )


def load(file: Path) -> Target:
    """One profile; its name is the file's. Raises ConfigError naming the file and the key."""
    table = tables_of(file)
    if "name" in table:
        raise _unknown(file, "name")
    target = _checked(file, table)
    for key, wrong, hint in _complaints(target):
        raise ConfigError(f"{file}: {key}: {wrong}.", hint)
    return target


def _checked(file: Path, table: dict[str, Any]) -> Target:
    try:
        facts = json.dumps({**table, "name": file.stem}, default=str)
        return TypeAdapter(Target).validate_json(facts)
    except ValidationError as error:
        for each in error.errors():
            if each["type"] == "unexpected_keyword_argument":
                raise _unknown(file, *each["loc"]) from error
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"{file}: {key} = {shortened(repr(first['input']), 80)}: {first['msg']}."
        raise ConfigError(message, "Correct the value in the profile.") from error


def _unknown(file: Path, *place: str | int) -> ConfigError:
    """The error about a key that its table does not have."""
    *outer, key = [part for part in place if isinstance(part, str)]
    known = sorted(each.name for each in fields(TABLES[".".join(outer)]) if each.name != "name")
    text = shortened(".".join((*outer, key)), NAME_CHARACTERS)
    return ConfigError(f"{file}: unknown key {text!r}.", _suggestion(key, known))


def _complaints(target: Target) -> Iterator[tuple[str, str, str]]:
    """(key, what is wrong, what it may be) of values that have the right type and yet cannot be."""
    unknown = [precision for precision in target.precisions if precision not in precisions.names()]
    if unknown or not target.precisions:
        wrong = f"{list(target.precisions)!r} has {unknown or 'no'} precision"
        yield "precisions", wrong, f"Known precisions: {', '.join(precisions.names())}."
    if target.architecture not in ARCHITECTURES:
        wrong = f"{target.architecture!r} is no known one"
        yield "architecture", wrong, _suggestion(target.architecture, list(ARCHITECTURES))
    programs = variants.module_names("edgehone.runners")
    if target.program not in programs:
        wrong = f"unknown runner {target.program!r}"
        yield "program", wrong, _suggestion(target.program, programs)
    for package in target.packages:
        if reason := _no_requirement(package):
            yield "packages", f"{package!r} names no package ({reason})", "Write as for pip."
    for pattern in target.steady.files:
        if not pattern.startswith("/"):
            yield "steady.files", f"{pattern!r} is not an absolute path", "Begin it with a slash."
    if target.cores is not None and any(core >= target.cores for core in target.big_cores):
        wrong = f"{list(target.big_cores)} are not all among {target.cores} cores"
        yield "big_cores", wrong, "They are numbered from 0."


def _no_requirement(package: str) -> str:
    """Why pip would not take it as a requirement; "": it would."""
    try:
        Requirement(package)
    except InvalidRequirement as error:
        return str(error).partition("\n")[0]
    return ""


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name[:NAME_CHARACTERS], known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
