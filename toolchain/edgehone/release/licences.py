"""Licences of the packages that run a released file, as those packages state them."""

import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from edgehone.documents.plain import Json
from edgehone.runners.runtimes._base import Runtime
from edgehone.system import variants
from edgehone.system.bounds import MIB

PACKAGE = "edgehone.runners.runtimes"

TEXT_BYTES = 4 * MIB
"""Of a licence's text: that of ONNX Runtime with all its parts has 300 KiB."""

_TEXTS = ("LICENSE", "LICENCE", "NOTICE", "COPYING", "THIRDPARTYNOTICES")
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True)
class Licence:
    """The licence of one package: its version here, "" where it is not installed; the licence as
    it says, "" where it does not; its texts by file name.
    """

    package: str
    version: str
    licence: str
    texts: tuple[tuple[str, bytes], ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The texts by their path in a bundle."""
        return {f"licences/{self.package}/{name}": content for name, content in self.texts}

    def to_json(self) -> Json:
        """As the evidence has it."""
        return {
            "package": self.package,
            "version": self.version or None,
            "licence": self.licence or None,
            "files": list(self.files),
        }


def of_files(suffixes: Iterable[str]) -> tuple[Licence, ...]:
    """Licences of the runtimes that take files with these endings."""
    wanted = set(suffixes)
    runtimes = [variants.load(PACKAGE, Runtime, name) for name in variants.names(PACKAGE, Runtime)]
    packages = {each.PACKAGE for each in runtimes if wanted & set(each.SUFFIXES)}
    return tuple(of_package(name) for name in sorted(packages) if name)


def of_package(name: str) -> Licence:
    """The licence of an installed package."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return Licence(name, "", "")
    return Licence(name, found.version, _stated(found), tuple(sorted(_texts(found).items())))


def _stated(package: importlib.metadata.Distribution) -> str:
    about = package.metadata
    for key in ("License-Expression", "License"):
        stated = str((about.get_all(key) or [""])[0])
        if stated and len(stated.splitlines()) == 1:  # some put the whole text there
            return stated
    named = about.get_all("Classifier") or []
    return ", ".join(
        each.removeprefix(_CLASSIFIER) for each in named if each.startswith(_CLASSIFIER)
    )


def _texts(package: importlib.metadata.Distribution) -> dict[str, bytes]:
    """Texts of licences among a package's files: its own, not those of what lies deeper in it."""
    found: dict[str, bytes] = {}
    for file in package.files or ():
        path = PurePosixPath(file.as_posix())
        plain = path.name.upper().replace("-", "").replace("_", "")
        if not plain.startswith(_TEXTS) or len(path.parts) > 3 or path.suffix in (".py", ".pyc"):
            continue
        place = package.locate_file(file)
        content = place.read_bytes() if hasattr(place, "read_bytes") else b""
        if content and len(content) <= TEXT_BYTES:
            found[path.name] = content
    return found
