"""Which interface is in use, and how it names settings: an option, an argument, a project's key."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Kind = Literal["project", "terminal", "python"]

IN_FILE = "of the project file"
"""Where the tables of a project stand, whichever command reads it and however it is named."""

OBJECTS = {"options": "Options", "signer": "Signer", "task": "Task", "trust": "Trust"}
"""Arguments that take an object with fields, and its class in the package."""


@dataclass(frozen=True)
class Interface:
    """How the user called: kind, and the options or arguments that the called one has."""

    kind: Kind = "project"
    names: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """As a job has it for a child process."""
        return {"kind": self.kind, "names": sorted(self.names)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Interface":
        """What `to_json` wrote."""
        return cls(found["kind"], frozenset(found["names"]))


PROJECT = Interface()
"""A project file says everything, as for `edgehone run`."""

_current: ContextVar[Interface] = ContextVar("interface", default=PROJECT)


def current() -> Interface:
    """The interface in use."""
    return _current.get()


@contextmanager
def used(interface: Interface) -> Iterator[None]:
    """Name settings as this interface does, until the block ends."""
    token = _current.set(interface)
    try:
        yield
    finally:
        _current.reset(token)


def switch(interface: Interface) -> None:
    """Name settings as this interface does, until the block of `used` around it ends."""
    _current.set(interface)


def in_thread(work: Callable[P, R]) -> Callable[P, R]:
    """The same work, which names settings as its caller does also where a thread calls it."""
    interface = current()

    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with used(interface):
            return work(*args, **kwargs)

    return called


@dataclass(frozen=True)
class Term:
    """Words for what a project file or command line has, and what Python has in their place."""

    elsewhere: str
    python: str

    def __str__(self) -> str:
        return self.python if current().kind == "python" else self.elsewhere


@dataclass(frozen=True)
class Setting:
    """A setting that sentences speak of. In an f-string it is its name: `--scale`, `scale`, or
    `scale under [data] of the project file`.

    option: of commands; key: "TABLE.KEY" of a project file; arguments: of Python functions, each
    a parameter or "options.FIELD", the first that the called function has. command: which has the
    option, and the function of the same name its argument, where what was called may lack it.
    """

    option: str = ""
    key: str = ""
    arguments: tuple[str, ...] = ()
    command: str = ""

    def __str__(self) -> str:
        if argument := self._argument():
            return argument
        if self._is_option():
            return self.option
        return self._in_file(self.key.partition(".")[2])

    def set(self, value: Any) -> str:
        """The setting with a value, as the user writes it: `--io float32`, `io="float32"`."""
        return self._given(_shell(value), repr_of(value), toml_of(value))

    def given(self, placeholder: str) -> str:
        """The setting with words that stand for its value: `--data DATA`, `data=DATA`."""
        return self._given(placeholder, placeholder, placeholder)

    @property
    def at_hand(self) -> bool:
        """Whether what was called has the option or the argument."""
        now = current()
        return bool(self._argument()) or (now.kind == "terminal" and self.option in now.names)

    def _given(self, shell: str, python: str, toml: str) -> str:
        if argument := self._argument():
            return _passed(argument, python)
        if self.command and not self.at_hand:
            if current().kind == "python":
                return f"edgehone.{self.command}(..., {_passed(self.arguments[0], python)})"
            return f"edgehone {self.command} ... {self.option} {shell}".rstrip()
        if self._is_option():
            return f"{self.option} {shell}".rstrip()
        return self._in_file(f"{self.key.partition('.')[2]} = {toml}", python)

    def _argument(self) -> str:
        """The argument of the called Python function; "": it has none, or none was called."""
        now = current()
        if now.kind != "python":
            return ""
        return next((a for a in self.arguments if a.partition(".")[0] in now.names), "")

    def _is_option(self) -> bool:
        """Whether the option is what to name: the command has it, or nothing else can be named."""
        now = current()
        known = now.kind == "terminal" and self.option in now.names
        return bool(self.option) and (known or not self.key)

    def _in_file(self, words: str, value: str = "") -> str:
        table = self.key.partition(".")[0]
        now = current()
        if now.kind == "python" and "settings" in now.names:
            key = self.key.partition(".")[2]
            if value:
                return f'settings={{"{table}": {{"{key}": {value}}}}}'
            return f'settings["{table}"]' + (f'["{key}"]' if key else "")
        given = " given as config" if now.kind == "python" and "config" in now.names else ""
        return f"{words} under [{table}] {IN_FILE}{given}"


def _passed(argument: str, value: str) -> str:
    """A value as a Python function is passed it: `io="float32"`, `options=Options(batch=1)`."""
    object_, _, field = argument.rpartition(".")
    text = f"{field}={value}"
    return f"{object_}={OBJECTS[object_]}({text})" if object_ else text


def all_named(settings: Iterable[Setting]) -> str:
    """Several settings as one phrase: `--scale and --offset`."""
    names = list(dict.fromkeys(map(str, settings)))
    tails = {re.sub(r"^\S+", "", name) for name in names}
    if len(names) > 1 and len(tails) == 1 and (tail := tails.pop()):
        return f"{' and '.join(name.removesuffix(tail) for name in names)}{tail}"
    return " and ".join(names)


def repr_of(value: Any) -> str:
    """A value as Python has it, with double quotes."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(repr_of, value))}]"
    return repr(value)


def toml_of(value: Any) -> str:
    """A value as a project file has it."""
    return str(value).lower() if isinstance(value, bool) else repr_of(value)


def _shell(value: Any) -> str:
    """A value as a command line has it; a flag has none."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
