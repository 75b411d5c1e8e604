"""Budgets as callers write them: a metric and a limit, in the metric's unit or with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

from edgehone.actions.api.references import kind, variant
from edgehone.budgets import Budget as Limit
from edgehone.config import BudgetTable, Section, load_budgets
from edgehone.config.loading import checked
from edgehone.config.where import BUDGET
from edgehone.decide.metrics import PACKAGE
from edgehone.decide.metrics._base import BudgetMetric
from edgehone.errors import UsageError

_HINT = 'Give budgets, such as [edgehone.Budget("size_bytes", max="256 KiB")].'


class _Tables(Section):
    budget: tuple[BudgetTable, ...]


@dataclass(frozen=True)
class Budget:
    """A limit that a model must keep.

    metric: size_bytes, compressed_bytes, latency_p50_ms, latency_p90_ms, latency_p99_ms, cold_ms,
    init_ms, peak_memory_bytes, instructions, accuracy (the task's metric), accuracy_drop,
    agreement, operators, types, io_types, delegate_coverage or arena_bytes; or a class or object of
    your own, derived from `edgehone.BudgetMetric`.
    max, min: one of them: a number in the unit of the metric's name (fractions for accuracy), or a
    text with a unit: "256 KiB", "30 ms", "1 %".
    device: the device that it is about; "": every one.
    relative_to: "baseline" for a limit on the ratio to the baseline's value: "+2 %" or 1.02; only
    a gate checks it. required: False for an advisory budget, which fails nothing. allowed, banned:
    of operators, types and io_types, names that may be there alone, or may not. classes: of
    accuracy and accuracy_drop, labels that it is about, or ["worst"].

    Raises ConfigError for an unknown metric, both limits or none, and a unit that does not fit.
    """

    metric: Any
    max: float | str | None = None
    min: float | str | None = None
    device: str = ""
    relative_to: str = ""
    required: bool = True
    allowed: Sequence[str] = ()
    banned: Sequence[str] = ()
    classes: Sequence[str | int] = ()

    def __post_init__(self) -> None:
        _ = self.value

    @property
    def table(self) -> dict[str, Any]:
        """The budget as a `[[budget]]` table."""
        limits = {"max": _plain(self.max), "min": _plain(self.min)}
        metric = variant(self.metric, BudgetMetric, PACKAGE, "The metric of a budget")
        found: dict[str, Any] = {"metric": metric}
        found |= {key: v for key, v in limits.items() if v is not None}
        if not self.required:
            found["required"] = False
        extra = {
            "device": self.device,
            "relative_to": self.relative_to,
            "allowed": _listed(self.allowed),
            "banned": _listed(self.banned),
            "classes": _listed(self.classes),
        }
        return {**found, **{key: value for key, value in extra.items() if value}}

    @property
    def value(self) -> Limit:
        """The budget as the gate takes it, its limit a number in the metric's unit."""
        return checked(_Tables, {"budget": [self.table]}, BUDGET).budget[0].value


def tables_of(given: Any) -> list[dict[str, Any]]:
    """`[[budget]]` tables of budgets. Raises UsageError for what is none, and for no budget."""
    several = [given] if isinstance(given, Budget) else given
    if not isinstance(several, Sequence) or isinstance(several, str):
        raise UsageError(f"budgets is {kind(given)}.", _HINT)
    for each in several:
        if not isinstance(each, Budget):
            raise UsageError(f"A budget is {kind(each)}.", _HINT)
    if not several:
        raise UsageError("There is no budget to decide by.", _HINT)
    return [each.table for each in several]


def limits_of(given: Any) -> tuple[Limit, ...]:
    """Budgets as the gate takes them, of budgets or of a file with `[[budget]]` tables."""
    if isinstance(given, str | Path):
        return load_budgets(Path(given))
    tables_of(given)
    several = [given] if isinstance(given, Budget) else given
    return tuple(each.value for each in several)


def _listed(names: Any) -> Any:
    """Names as TOML would hold them; a text is one name."""
    return [names] if isinstance(names, str) and names else list(names)


def _plain(limit: Any) -> Any:
    """The limit as TOML would hold it; numbers of NumPy are Python's."""
    is_number = isinstance(limit, Real) and not isinstance(limit, bool | int | float)
    return float(limit) if is_number else limit
