"""Wheels for a device, fetched by the host so that the device needs no internet, and cached."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from edgehone import __version__
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners._packages import LITERT, Choice, bounds, lacking
from edgehone.runners._pip import System, install
from edgehone.runners._probe import Facts, Interpreter, architecture_of
from edgehone.system.bounds import DESCRIPTION_BYTES
from edgehone.system.files import (
    content,
    copy_whole,
    key_of,
    sha256_of,
    whole_file,
    write_whole,
)
from edgehone.system.parsing import json_of
from edgehone.system.places import user_cache

LITE_TAG = 34
"""tflite-runtime 2.14 is tagged glibc 2.34 for Arm, but its symbols ask for 2.27."""

LIBRARY_PYTHONS = ((3, 12), (3, 11))
"""Pythons whose wheels are looked at for a library: which one makes no difference to it."""

OWN_LIBRARY = "Give a library of your own with --library FILE."

LEFT_OUT = ("*/tests/*", "*.pyi", "*.h", "*.a", "onnxruntime/transformers/*", "bin/*", "*WebGpu*")
"""Not needed to run a model on a CPU: 45 of 53 MB are sent (LiteRT 2.3, ONNX Runtime 1.32)."""


@dataclass(frozen=True)
class Bundle:
    """Unpacked wheels of one Python in one archive; key: its content's.

    packages: versions by name; left_out: why, by what was wanted and not to be had.
    """

    archive: Path
    key: str
    unpacked_bytes: int
    packages: Mapping[str, str]
    left_out: Mapping[str, str]


def bundle(choice: Choice, python: Interpreter, facts: Facts) -> Bundle | str:
    """The wheels of a choice, from the cache or the package index; or why there are none.

    Raises ConfigError when pip is missing or its index cannot be reached.
    """
    glibc = facts.glibc[1] if facts.glibc else 0
    system = System(architecture_of(facts.machine, python.bits), glibc, python.version)
    key = key_of([__version__, asdict(choice), asdict(system)])
    kept = user_cache("wheels")
    archive, about = kept / f"{key}.zip", kept / f"{key}.json"
    if not (archive.is_file() and about.is_file()):
        with TemporaryDirectory(prefix="edgehone-") as scratch:
            site = Path(scratch) / "site"
            left_out = _install(choice, system, site)
            if isinstance(left_out, str):
                return left_out
            detail = {
                "unpacked_bytes": _pack(site, archive),
                "key": sha256_of(archive)[:16],
                "packages": _versions(site),
                "left_out": left_out,
            }
        write_whole(about, json.dumps(detail))
    return Bundle(archive=archive, **json_of(content(about, DESCRIPTION_BYTES)))


def library_from_wheel(requirement: str, library: str, facts: Facts) -> Path:
    """A shared library for a device, by the pattern of its file name (`libonnxruntime.so*`), out
    of the wheel of a package; kept in the cache, its name ending in its version.

    Raises DeviceError when the device's system can use none, ConfigError when there is no such
    wheel or the index cannot be reached.
    """
    if reason := _unsuited(requirement, facts):
        message = f"{requirement} has no {library} for this device ({reason})."
        raise DeviceError(message, OWN_LIBRARY)
    key = key_of([__version__, requirement, library, facts.architecture, facts.glibc])
    folder = user_cache("wheels") / key
    if found := sorted(folder.glob("*.so*")):
        return found[0]
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        reason = _install_one(requirement, facts, Path(scratch))
        files = [file for file in Path(scratch).rglob("*.so*") if fnmatch(file.name, library)]
        if reason or not files:
            raise ConfigError(
                f"{requirement} has no {library} for this device "
                f"({reason or 'its wheel lacks the file'}).",
                OWN_LIBRARY,
            )
        name = files[0].name
        if name.endswith(".so"):
            name += "".join(f".{version}" for version in _versions(Path(scratch)).values())
        copy_whole(files[0], folder / name)
    return folder / name


def _install(choice: Choice, system: System, site: Path) -> dict[str, str] | str:
    """Install a choice: what was left out and why, or why it cannot be installed."""
    if choice.alone:
        lenient = replace(system, glibc=max(system.glibc, LITE_TAG))
        if reason := install(choice.alone, lenient, site, alone=True):
            return reason
    if not choice.needed:
        return {}
    wanted, left_out = list(choice.wanted), dict[str, str]()
    while reason := install([*choice.needed, *wanted], system, site):
        if not wanted:
            return reason
        left_out[wanted.pop()] = reason
    return left_out


def _unsuited(requirement: str, facts: Facts) -> str:
    """Why no wheel of a package can have a library for the device; "": one may."""
    if facts.glibc is None:
        return "its system has no glibc, which wheels are built for"
    if not requirement.startswith(LITERT):
        return ""
    return lacking(facts.architecture, LIBRARY_PYTHONS[0], facts.glibc)


def _install_one(requirement: str, facts: Facts, site: Path) -> str:
    """Install one package alone, from any Python's wheel: "", or why not."""
    architecture, glibc = facts.architecture, facts.glibc or (0, 0)
    litert = requirement.startswith(LITERT)
    limits = bounds(LITERT, architecture, glibc) if litert else ()
    wanted, reason = [requirement, *limits], ""
    for python in LIBRARY_PYTHONS:
        system = System(architecture, glibc[1], python)
        reason = install(wanted, system, site, alone=True)
        if not reason:
            break
    return reason


def _versions(site: Path) -> dict[str, str]:
    found = (folder.name.removesuffix(".dist-info") for folder in site.glob("*.dist-info"))
    pairs = (name.rsplit("-", 1) for name in sorted(found))
    return {name.replace("_", "-"): version for name, version in pairs}


def _pack(site: Path, archive: Path) -> int:
    """Pack a folder, the same content giving the same archive; returns its size unpacked."""
    names = sorted(file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())
    names = [name for name in names if not any(fnmatch(name, drop) for drop in LEFT_OUT)]
    with (
        whole_file(archive) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (site / name).open("rb") as source, packed.open(entry, "w") as member:
                shutil.copyfileobj(source, member)
    return sum((site / name).stat().st_size for name in names)
