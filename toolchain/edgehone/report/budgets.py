"""The budgets of a run: what the winner makes of each, and where they lie on the trade-off."""

from collections.abc import Sequence

from edgehone.budgets import Budget, Check, Decision
from edgehone.documents.run.document import RunDocument
from edgehone.report import numbers
from edgehone.report.headline import SIGNS, winner_among
from edgehone.report.rows import OUTCOMES, Row
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tradeoff import Limit


def budgets_table(document: RunDocument, rows: Sequence[Row]) -> Table:
    """Every budget and what the winner makes of it on every device it is about; without a winner,
    what the candidate makes of it that may keep them all, or the best that any reached.
    """
    winner, unproven = winner_among(rows), document.best_unproven
    decision = winner.decision if winner else unproven.decision if unproven else None
    scored = document.metric
    pairs: list[tuple[Budget, Check | None]] = [
        (budget, check)
        for budget in document.budgets
        for check in checks_of(decision, budget) or (None,)
    ]
    if decision is None:
        return _closest(document, [budget for budget, _ in pairs])
    checks = [check for _, check in pairs]
    title = winner.name if winner else unproven.name if unproven else ""
    return from_columns(
        [
            (Column("budget", numeric=False), [budget_words(b, scored) for b, _ in pairs]),
            (Column("device", numeric=False), [c.device if c else b.device for b, c in pairs]),
            (Column(title), [_value(check, scored) for check in checks]),
            (Column("95 % interval"), [_interval(check, scored) for check in checks]),
            (Column("verdict", numeric=False), [_verdict(check) for check in checks]),
            (Column("", numeric=False), [check.reason if check else "" for check in checks]),
        ]
    )


def _closest(document: RunDocument, budgets: Sequence[Budget]) -> Table:
    """The budgets, and the best that any file reached, where no single file is to be shown."""
    scored = document.metric
    best = {(each.metric, each.bound, each.limit): each.best for each in document.binding}
    reached = [best.get((each.metric, each.bound, each.limit)) for each in budgets]
    stopping = [(each.metric, each.bound, each.limit) in best for each in budgets]
    return from_columns(
        [
            (Column("budget", numeric=False), [budget_words(each, scored) for each in budgets]),
            (Column("device", numeric=False), [each.device for each in budgets]),
            (
                Column("closest that any file came"),
                [
                    numbers.quantity(each.metric, value, scored) if value is not None else ""
                    for each, value in zip(budgets, reached, strict=True)
                ],
            ),
            (
                Column("", numeric=False),
                ["what stops the candidates" if stops else "" for stops in stopping],
            ),
        ]
    )


def checks_of(decision: Decision | None, budget: Budget) -> list[Check]:
    """A decision's checks of one budget: one on every device it is about."""
    return [
        check
        for check in (decision.checks if decision else ())
        if (check.metric, check.bound, check.limit) == (budget.metric, budget.bound, budget.limit)
        and budget.device in ("", check.device)
    ]


def budget_words(budget: Budget, scored: str) -> str:
    """A budget as people write it: size_bytes ≤ 48 KiB. scored: the task's metric."""
    limit = numbers.quantity(budget.metric, budget.limit, scored)
    return f"{numbers.named(budget.metric, scored)} {SIGNS[budget.bound]} {limit}"


def limits(document: RunDocument, baseline: Row) -> list[Limit]:
    """The budgets that the trade-off chart can show as lines."""
    found = []
    for budget in document.budgets:
        text = budget_words(budget, baseline.metric)
        if budget.metric == "latency_p50_ms":
            found.append(Limit("ms", budget.limit, text))
        elif budget.metric == "instructions":
            found.append(Limit("count", budget.limit, text))
        elif budget.metric == "accuracy":
            found.append(Limit("metric", budget.limit, text))
        elif budget.metric == "accuracy_drop" and baseline.accuracy is not None:
            down = -budget.limit if baseline.rising else budget.limit
            found.append(Limit("metric", baseline.accuracy + down, text))
    return found


def _value(check: Check | None, scored: str) -> str:
    return numbers.quantity(check.metric, check.value, scored) if check else ""


def _interval(check: Check | None, scored: str) -> str:
    return numbers.interval(check.metric, check.ci95, scored) if check else ""


def _verdict(check: Check | None) -> Cell:
    return Cell(check.verdict, OUTCOMES.get(check.verdict, "")) if check else Cell("")
