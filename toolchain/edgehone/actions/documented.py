"""Results that are mappings: what their command prints with --json."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Documented(Mapping[str, Any]):
    """A result that reads as its document."""

    @property
    @abstractmethod
    def document(self) -> dict[str, Any]:
        """What the command prints with --json, by a published schema."""

    def __getitem__(self, key: str) -> Any:
        return self.document[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.document)

    def __len__(self) -> int:
        return len(self.document)


@dataclass(frozen=True, repr=False)
class Written(Documented):
    """A result that is its document and no more."""

    content: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The content."""
        return self.content
