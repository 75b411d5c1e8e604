"""Operators in the file, by name: those that a device or a runtime does not have may be banned."""

from collections.abc import Mapping
from typing import ClassVar

from edgehone.decide.metrics._names import NamedThings
from edgehone.values import Plain


class Operators(NamedThings):
    """As the format calls them: CONV_2D, FlexErf; Conv, QLinearConv."""

    NAMES: ClassVar[str] = "operators"

    def things(self, audit: Plain) -> Mapping[str, int]:
        """Operators and how often each is there."""
        return dict(audit["operators"])
