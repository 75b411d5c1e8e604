"""Reasons not to take a run's numbers at face value: one sentence for one trouble."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from edgehone.documents.run.document import RunDocument
from edgehone.report.inputs import input_lines
from edgehone.report.numbers import plural
from edgehone.report.parity import parity_line
from edgehone.report.rows import Row, measured_when

_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
"""A number that stands by itself, and is not part of a name."""

MOST_NAMES = 3
"""Models that a sentence names; more are counted."""


def warnings(document: RunDocument, rows: Sequence[Row]) -> list[str]:
    """What to know beside the numbers, of the run and of the models it is about in the end."""
    found = list(document.warnings)
    if document.device.emulated:
        found.append("The device is emulated: latencies are not those of real hardware.")
    notes = [row for row in rows if row.role != "candidate" or row.unproven]
    found += _disturbed(notes)
    lines = [(row.name, parity_line(row.measurement)) for row in notes]
    found += [_about(f"{names} on the device", line) for names, line in shared(lines) if line]
    inputs = [(row.name, line) for row in notes for line in input_lines(row.measurement)]
    found += [_about(names, line) for names, line in shared(inputs)]
    return found


def _disturbed(rows: Sequence[Row]) -> list[str]:
    """A sentence on all models that were measured with the same trouble."""
    found = []
    for verdict in dict.fromkeys(row.measurement.verdict for row in rows):
        if verdict not in ("valid", "emulated"):
            alike = [row for row in rows if row.measurement.verdict == verdict]
            pairs = [(_named_with_date(row), row.measurement.reason) for row in alike]
            found += [
                _about(f"Measured as {verdict}: {names}", reason, "; ")
                for names, reason in shared(pairs)
            ]
    return found


def _named_with_date(row: Row) -> str:
    when = measured_when(row.measurement)
    return f"{row.name} (at {when})" if when else row.name


def _about(names: str, line: str, between: str = ": ") -> str:
    return f"{names}{between}{line}".removesuffix(between).rstrip(".") + "."


def shared(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sentences that differ in numbers alone as one, each with the names it is about.

    Numbers that differ become their span: "62 %" and "76 %" are "62 to 76 %".
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, sentence in pairs:
        groups.setdefault(_NUMBER.sub("#", sentence), []).append((name, sentence))
    return [
        (_names([name for name, _ in group]), _merged([sentence for _, sentence in group]))
        for group in groups.values()
    ]


def _names(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    shown, rest = different[:MOST_NAMES], len(different) - MOST_NAMES
    text = ", ".join(shown)
    return f"{text} and {plural(rest, 'more model')}" if rest > 0 else text


def _merged(sentences: Sequence[str]) -> str:
    """One sentence for several of the same words."""
    numbers = zip(*(_NUMBER.findall(each) for each in sentences), strict=True)
    words = _NUMBER.split(sentences[0])
    return "".join(
        word + span for word, span in zip_longest(words, map(_span, numbers), fillvalue="")
    )


def _span(texts: Sequence[str]) -> str:
    """The lowest and highest of numbers as they are written."""
    low, high = min(texts, key=_number), max(texts, key=_number)
    return low if _number(low) == _number(high) else f"{low} to {high}"


def _number(text: str) -> float:
    return float(text.replace(",", ""))
