"""What an app sees of the file: names, shapes and types of its inputs and outputs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from edgehone.budgets import Budget
from edgehone.decide.borders import border_changes
from edgehone.decide.metrics._base import Reading, exact
from edgehone.decide.metrics._names import DATA_TYPES, NamedThings
from edgehone.values import Measurement, Plain


class IoTypes(NamedThings):
    """Types of inputs and outputs; against a baseline, all that an app depends on."""

    NAMES: ClassVar[str] = "data types"
    KNOWN: ClassVar[tuple[str, ...]] = DATA_TYPES

    def things(self, audit: Plain) -> Mapping[str, int]:
        """Types and how many inputs and outputs have each."""
        found: dict[str, int] = {}
        for port in (*audit["inputs"], *audit["outputs"]):
            found[port["dtype"]] = found.get(port["dtype"], 0) + 1
        return found

    def read_for(
        self, budget: Budget, measurement: Measurement, baseline: Measurement | None = None
    ) -> Reading:
        """How many inputs and outputs are not as allowed, or not as the baseline has them; their
        names only where the budget was written, as training anew may give others.
        """
        audit = measurement.artifact.audit
        if not budget.relative_to or audit is None:
            return super().read_for(budget, measurement)
        known = None if baseline is None else baseline.artifact.audit
        if known is None:
            return Reading(None, reason="there is no baseline to compare with")
        found = border_changes(known, audit)
        changed = [each for each in found if not (budget.implied and each.what == "name")]
        ports = {(each.side, each.name) for each in changed}
        return replace(exact(float(len(ports))), detail="; ".join(map(str, changed)))
