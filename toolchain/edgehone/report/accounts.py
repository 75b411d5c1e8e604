"""A search's account of itself in words: how well it predicted, what it cost, where time went."""

from collections.abc import Mapping

from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.search import ErrorEntry, SearchEntry
from edgehone.report import numbers
from edgehone.report.tables import Column, Table, from_columns

GUESSING = (
    "the predicted losses say little about which candidate loses more, so this search is guessing"
)


def account_sentence(document: RunDocument) -> str:
    """The account in one line; "": there is none."""
    found = document.search
    parts = [] if found is None else [ranking(found), _latency(found), time_words(found.seconds)]
    text = "; ".join(part for part in parts if part)
    return f"Search: {text}." if text else ""


def bill_sentence(document: RunDocument) -> str:
    """What training cost, in one line; "": nothing was trained, or it is not known."""
    bill, parent = document.bill, document.parent
    parts = [bill.sentence if bill else "", parent.sentence if parent else ""]
    text = "; ".join(part for part in parts if part)
    return f"Bill: {text}." if text else ""


def ranking(found: SearchEntry) -> str:
    """How well the order of losses was predicted."""
    if found.rank_correlation is None:
        return ""
    built = numbers.plural(found.candidates, "candidate")
    value = numbers.signed(found.rank_correlation, 2)
    text = f"rank correlation of predicted and found losses {value} over {built}"
    return f"{text}: {GUESSING}" if found.guessing else text


def time_words(seconds: Mapping[str, float]) -> str:
    """Where the time went, the most first: shares of at least 1 %."""
    total = sum(seconds.values())
    if total <= 0:
        return ""
    most = sorted(seconds.items(), key=lambda each: -each[1])
    shares = [f"{_share(value / total)} {kind}" for kind, value in most if value >= 0.01 * total]
    return f"time: {', '.join(shares)}"


def errors_table(found: SearchEntry) -> Table:
    """How far off each metric was predicted."""
    errors = found.errors
    return from_columns(
        [
            (Column("predicted", numeric=False), [each.metric for each in errors]),
            (Column("candidates"), [str(each.candidates) for each in errors]),
            (Column("off by, mean"), [f"{100 * each.mean:.1f} %" for each in errors]),
            (Column("within ±5 %"), [_share(each.within_5) for each in errors]),
            (Column("within ±10 %"), [_share(each.within_10) for each in errors]),
        ]
    )


def time_table(seconds: Mapping[str, float]) -> Table:
    """Seconds by kind of work, and their shares."""
    total = sum(seconds.values()) or 1.0
    return from_columns(
        [
            (Column("work", numeric=False), list(seconds)),
            (Column("time", "s"), [f"{value:.1f}" for value in seconds.values()]),
            (Column("share"), [_share(value / total) for value in seconds.values()]),
        ]
    )


def _latency(found: SearchEntry) -> str:
    """How many candidates' cost was predicted within 5 %."""
    each = next((e for e in found.errors if e.metric in ("latency_p50_ms", "instructions")), None)
    return "" if each is None else f"{each.metric} within ±5 % for {_count(each)}"


def _count(each: ErrorEntry) -> str:
    return f"{round(each.within_5 * each.candidates)} of {each.candidates}"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
