"""What a kind of source is: which places it takes, and how it reads them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from edgehone.data.sources._base import PLAIN, TRAINING, Raw, Reading, Shape


@dataclass(frozen=True)
class Request:
    """What is read of a source: shape, dtype: of one sample as the model takes it, which images
    are resized to (None: not known). needed: names of arrays of which it must have one.
    """

    shape: Shape | None = None
    dtype: str = "float32"
    needed: Sequence[str] = TRAINING
    how: Reading = PLAIN


class Source(ABC):
    """A kind of source. Adding one adds a file to this folder, and edits no other."""

    ORDER: ClassVar[int] = 0
    """Of those that take a place, the one with the lowest reads it."""

    @abstractmethod
    def takes(self, source: str, path: Path) -> bool:
        """Whether this kind reads what is called so; path: the same as a path, which is there
        unless the source is a reference. No content is read to find out.
        """

    @abstractmethod
    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Its arrays. Raises DataError, in one sentence, for what cannot be read; bounded by what
        `edgehone.system.bounds` says; nothing is unpickled.
        """
