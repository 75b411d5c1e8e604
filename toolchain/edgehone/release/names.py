"""Paths of files in a bundle: such as unpack to files of their own inside a folder, anywhere."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath

from edgehone.system.bounds import NAME_CHARACTERS

_DEPTH = 4
"""Folders in one another: the deepest of ours has two."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows takes for a device and not for a file."""

_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
"""What file systems give a meaning of their own, Windows' among them."""


def fault(name: str) -> str:
    """Why a path may not be in a bundle; "" for one that may."""
    parts = name.split("/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if ".." in parts:
        return "leads out of the folder"
    if not all(parts) or "." in parts:
        return "is not a plain path"
    if len(name) > NAME_CHARACTERS or len(parts) > _DEPTH:
        return "is too long"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode's composed form"
    for part in parts:
        if not part.isprintable() or _FORBIDDEN.search(part):
            return "has a character that not every file system allows"
        if part.endswith((".", " ")) or part.startswith(" ") or _DEVICES.fullmatch(part):
            return "is not a name that every file system allows"
    return ""


def folded(name: str) -> str:
    """What two paths have in common that are one file where capitals do not count."""
    return unicodedata.normalize("NFC", name.casefold())


def bundled_path(path: PurePath, folder: str, taken: Iterable[str]) -> str:
    """A path in a folder of a bundle for a file of the user's: its own name as far as that fits,
    and one that is not `taken`.
    """
    name = unicodedata.normalize("NFC", path.name)
    name = "".join(c if c.isprintable() and not _FORBIDDEN.match(c) else "_" for c in name)
    suffix = PurePosixPath(name).suffix[:20]
    stem = name.removesuffix(suffix).strip(" .")[: NAME_CHARACTERS // 2] or "file"
    stem = f"_{stem}" if _DEVICES.fullmatch(stem) else stem
    known = {folded(each) for each in taken}
    for number in range(1, len(known) + 2):
        mark = "" if number == 1 else f"-{number}"
        found = f"{folder}/{stem}{mark}{suffix}"
        if folded(found) not in known:
            return found
    raise AssertionError("one of more numbers than names is free")
