"""What users' code is looked up by: a hash of its source, so that edited code is run again."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from edgehone.errors import EdgehoneError
from edgehone.system import references, user_code

CODE = "code"
"""Under which key a stage's inputs hold the hashes."""


def with_code(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stage's inputs, with the hash of the code of every user's function or class they name.

    What cannot be imported has none: the stage itself says so.
    """
    found = {}
    for name in references.named_in(inputs):
        with suppress(EdgehoneError):
            found[references.bare(name)] = fingerprint(name)
    return {**inputs, CODE: found} if found else inputs


def fingerprint(source: str) -> str:
    """The hash of what "python:module:name" names: of its module, of those of its base classes and
    of the modules beside them that these import; and of the code as it was loaded.
    """
    parts = references.bare(source).split(":")
    found: Any = user_code.module(parts[1]) if len(parts) == 2 else user_code.function(source)
    own = [each for each in _lineage(found) if _is_users(_module_of(each))]
    modules: dict[str, ModuleType] = {}
    for each in own:
        _gather(_module_of(each), modules)
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(f"{name}\0".encode() + _text(modules[name]))
    for each in own:
        for code in _codes(each):
            _hash_code(code, digest.update)
    return digest.hexdigest()


def _lineage(found: Any) -> tuple[Any, ...]:
    return inspect.getmro(found) if inspect.isclass(found) else (found,)


def _module_of(found: Any) -> ModuleType | None:
    if inspect.ismodule(found):
        return found
    return sys.modules.get(getattr(found, "__module__", None) or "")


def _is_users(module: ModuleType | None) -> bool:
    """Whether a module is neither Python's nor this package's."""
    name = "" if module is None else module.__name__.partition(".")[0]
    return bool(name) and name != "edgehone" and name not in sys.stdlib_module_names


def _gather(module: ModuleType | None, found: dict[str, ModuleType]) -> None:
    """The module, and those in its folder that it uses, and so on."""
    if module is None or module.__name__ in found:
        return
    found[module.__name__] = module
    home = _file(module)
    for value in list(vars(module).values()):
        other = _module_of(value)
        place = _file(other)
        if home and place and _is_users(other) and _beside(place, home):
            _gather(other, found)


def _beside(file: Path, home: Path) -> bool:
    """Whether a file is in the same folder or below, packages that were installed left out."""
    return home.parent in file.parents and not file.parent.name.endswith("-packages")


def _file(module: ModuleType | None) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name) if isinstance(name, str) else None


def _text(module: ModuleType) -> bytes:
    file = _file(module)
    with suppress(OSError):
        return file.read_bytes() if file else b""
    return b""


def _codes(found: Any) -> Iterator[CodeType | str]:
    """The code of a function or of a class's own members; plain members as text."""
    if isinstance(code := getattr(found, "__code__", None), CodeType):
        yield code
    if not inspect.isclass(found):
        return
    for name, member in sorted(vars(found).items()):
        inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        if isinstance(code := getattr(inner, "__code__", None), CodeType):
            yield code
        elif isinstance(member, int | float | str | tuple) and not name.startswith("__"):
            yield f"{name}={member!r}"


def _hash_code(code: CodeType | str, update: Callable[[bytes], object]) -> None:
    if isinstance(code, str):
        update(code.encode())
        return
    update(code.co_name.encode() + code.co_code + repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _hash_code(constant, update)
        elif isinstance(constant, frozenset):  # whose order differs from process to process
            update(repr(sorted(map(repr, constant))).encode())
        else:
            update(repr(constant).encode())
