"""The exit code of a decision."""

from collections.abc import Mapping

EXIT_CODES: Mapping[str, int] = {"pass": 0, "fail": 1, "inconclusive": 3}
