"""What a runner is: which files a runtime takes, and how the runner program names it."""

from abc import ABC, abstractmethod
from typing import ClassVar


class Runtime(ABC):
    """One inference runtime as the program on the device knows it."""

    RUNTIME: ClassVar[str]
    """The name in the runner program's request."""

    SUFFIXES: ClassVar[tuple[str, ...]]
    """Endings of the files it takes."""

    PACKAGE: ClassVar[str] = ""
    """The Python package it comes in; its licence goes into releases."""

    @abstractmethod
    def hint(self, message: str) -> str:
        """What a user can do about an error the runtime reported."""
