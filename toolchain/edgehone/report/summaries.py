"""The gate's document for people: a table, a sentence, Markdown."""

from collections.abc import Sequence

from edgehone.documents import measurements_of
from edgehone.report import checks as checks_
from edgehone.report.checks import limit, scored_by
from edgehone.report.inputs import input_lines
from edgehone.report.junit import junit as junit
from edgehone.report.rows import OUTCOMES, judged_on, measurements_table, names_of, rows_of_files
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tables import markdown as markdown_table
from edgehone.system.settings import FRESH
from edgehone.system.visible import in_markdown
from edgehone.units import quantity
from edgehone.values import DeviceInfo, Measurement, Plain

MARKS = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}


def checks_table(value: Plain) -> Table:
    """Every check of the gate, one a row; the file and the device where there are several."""
    checks, scored = list(value["checks"]), scored_by(value)
    names = names_of([check["file"] for check in checks])
    several = len(names) > 1
    places = len({check["device"] for check in checks}) > 1
    return from_columns(
        [
            (
                Column("file", numeric=False),
                [names[check["file"]] if several else "" for check in checks],
            ),
            (
                Column("device", numeric=False),
                [check["device"] if places else "" for check in checks],
            ),
            (
                Column("budget", numeric=False),
                [checks_.named(check, scored) for check in checks],
            ),
            (Column("limit"), [limit(check, scored) for check in checks]),
            (Column("value"), [checks_.value(check, scored) for check in checks]),
            (
                Column("95 % interval", rank=1),
                [checks_.interval(check, scored) for check in checks],
            ),
            (
                Column("verdict", numeric=False),
                [Cell(checks_.verdict(c), OUTCOMES.get(_colour(c), "")) for c in checks],
            ),
            (Column("reason", numeric=False), [checks_.reason(check) for check in checks]),
        ]
    )


def _colour(check: Plain) -> str:
    """The outcome that a check is coloured as: what decides nothing is no failure."""
    return str(check["verdict"]) if checks_.counts(check) else "inconclusive"


def conclusion(value: Plain) -> str:
    """The decision in one sentence."""
    counted = [check for check in value["checks"] if checks_.counts(check)]
    others = [check for check in value["checks"] if not checks_.counts(check)]
    kept = sum(check["verdict"] == "pass" for check in counted)
    words = f"{kept} of {len(counted)} budget{'s are' if len(counted) > 1 else ' is'} kept"
    waived = sum(bool(check.get("waived")) for check in others)
    if not counted and others:
        words = "every required budget is waived" if waived else "no budget is required"
    missed = sum(check["verdict"] == "fail" for check in counted)
    unsure = len(counted) - kept - missed
    if missed:
        words += f", {missed} missed"
    if unsure:
        words += f", {unsure} inconclusive"
    return f"{value['decision']}: {words}{_uncounted(others, waived)}."


def _uncounted(checks: Sequence[Plain], waived: int) -> str:
    """What the decision does not depend on, as the end of a sentence."""
    advisory = [check for check in checks if not check.get("waived")]
    missed = sum(check["verdict"] != "pass" for check in advisory)
    words = f"; {waived} waived" if waived else ""
    if advisory:
        words += f"; {len(advisory) - missed} of {len(advisory)} advisory kept"
    return words


def looked_up(value: Plain) -> list[str]:
    """A sentence on each device whose measurements are those of an earlier gate."""
    return [
        f"{each['device']}: measured {each['created'][:16].replace('T', ' ')} UTC with the same "
        f"files, runtime and device; {FRESH.set(True)} measures again."
        for each in value.get("looked_up", ())
    ]


MOST_LAYERS = 5
"""Layers that are listed of a file, of those that cost most."""


def why_lines(value: Plain) -> list[str]:
    """Of each file that is explained, a sentence on the layers that cost most, and what to try."""
    found = []
    for each in value.get("why", ()):
        layers = list(each["layers"])
        found += [
            f"{layer['text']}{'; try ' + layer['try'] if layer['try'] else ''}"
            for layer in layers[:MOST_LAYERS]
        ]
        if len(layers) > MOST_LAYERS:
            found.append(f"and {len(layers) - MOST_LAYERS} more layers differ (--json lists them)")
        if each["note"]:
            found.append(str(each["note"]))
    return found


def _why_part(value: Plain) -> list[str]:
    lines = why_lines(value)
    notes = [f"- {in_markdown(line)}" for line in lines]
    return ["", "**What differs from the baseline**", "", *notes, ""] if notes else []


def ratchet_lines(value: Plain) -> list[str]:
    """A sentence on each limit that was tightened."""
    scored = scored_by(value)
    return [
        f"tightened {each['id']}: {quantity(each['metric'], each['from'], scored)} -> "
        f"{quantity(each['metric'], each['to'], scored)} (measured "
        f"{quantity(each['metric'], each['measured'], scored)}, margin {100 * each['margin']:g} %)"
        for each in value.get("ratcheted", ())
    ]


def notes_on(value: Plain) -> list[str]:
    """What happened to samples or kernels that a reader should know, a sentence a file."""
    return list(
        dict.fromkeys(
            f"{row.name}: {line}"
            for row in rows_of_files(measurements_of(value))
            for line in input_lines(row.measurement)
        )
    )


def markdown(value: Plain) -> str:
    """The gate's document for a pull request or a release note."""
    decision = value["decision"]
    measurements = measurements_of(value)
    devices = {each.device.name: each.device for each in measurements}
    where = ", ".join(_place(device) for device in devices.values())
    judged = judged_on(measurements)
    failed = [f"{each['device']} failed: {each['message']}" for each in value["lost"]]
    measured = [
        ([f"{in_markdown(_place(device))}:", ""] if len(devices) > 1 else [])
        + [markdown_table(measurements_table(rows_of_files(_on(name, measurements))))]
        for name, device in devices.items()
    ]
    return "\n".join(
        [
            f"## {MARKS[decision]} Budgets: {decision}",
            "",
            f"{conclusion(value)} {'Devices' if len(devices) > 1 else 'Device'}: "
            f"{in_markdown(where + (f'; {judged}' if judged else ''))}.",
            *(f"\n{in_markdown(text)}" for text in failed),
            *(f"\n⚠️ {in_markdown(text)}" for text in value.get("warnings", ())),
            *(f"\n{in_markdown(text)}" for text in (*looked_up(value), *ratchet_lines(value))),
            "",
            markdown_table(checks_table(value)),
            *_why_part(value),
            *(f"{in_markdown(line)}\n" for line in notes_on(value)),
            "<details><summary>What was measured</summary>",
            "",
            *(line for lines in measured for line in lines),
            "</details>",
            "",
        ]
    )


def _place(device: DeviceInfo) -> str:
    return f"{device.name} ({device.target})" if device.target else device.name


def _on(name: str, measurements: Sequence[Measurement]) -> list[Measurement]:
    return [each for each in measurements if each.device.name == name]
