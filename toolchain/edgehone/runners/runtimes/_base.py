"""What a runtime is: which files it takes, and how the runner program names it."""

from abc import ABC, abstractmethod
from pathlib import Path


class Runtime(ABC):
    """One inference runtime as the program on the device knows it."""

    RUNTIME: str
    """The name in the runner program's request."""

    SUFFIXES: tuple[str, ...]
    """Endings of the files it takes."""

    SESSION: Path | None = None
    """The file of Python that runs them, for a runtime the runner program does not know."""

    PACKAGE: str = ""
    """The Python package it comes in; its licence goes into releases."""

    @abstractmethod
    def hint(self, message: str) -> str:
        """What a user can do about an error the runtime reported."""
