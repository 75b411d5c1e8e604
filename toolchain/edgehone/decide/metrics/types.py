"""Data types of the tensors in the file: float ones may be banned where integers have to do."""

from collections.abc import Mapping
from typing import ClassVar

from edgehone.decide.metrics._names import DATA_TYPES, NamedThings
from edgehone.values import Plain


class Types(NamedThings):
    """Types of all tensors, such as float32 and int8."""

    NAMES: ClassVar[str] = "data types"
    KNOWN: ClassVar[tuple[str, ...]] = DATA_TYPES

    def things(self, audit: Plain) -> Mapping[str, int]:
        """Types and how many tensors have each."""
        return dict(audit["types"])
