"""The gate's document for people and CI: a table, a sentence, Markdown, JUnit XML."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from xml.etree import ElementTree

from edgehone.documents import measurements_of
from edgehone.report import numbers
from edgehone.report.inputs import input_lines
from edgehone.report.rows import OUTCOMES, judged_on, measurements_table, names_of, rows_of_files
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tables import markdown as markdown_table
from edgehone.values import DeviceInfo, Measurement, Plain

SIGNS = {"max": "≤", "min": "≥"}
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
                [numbers.named(check["metric"], scored) for check in checks],
            ),
            (Column("limit"), [limit(check, scored) for check in checks]),
            (Column("value"), [numbers.quantity(c["metric"], c["value"], scored) for c in checks]),
            (
                Column("95 % interval", rank=1),
                [numbers.interval(c["metric"], c["ci95"], scored) for c in checks],
            ),
            (
                Column("verdict", numeric=False),
                [Cell(c["verdict"], OUTCOMES.get(c["verdict"], "")) for c in checks],
            ),
            (Column("reason", numeric=False), [check["reason"] for check in checks]),
        ]
    )


def limit(check: Plain, scored: str = "accuracy") -> str:
    """A check's limit with its sign: ≤ 60 KiB. scored: the task's metric."""
    return f"{SIGNS[check['bound']]} {numbers.quantity(check['metric'], check['limit'], scored)}"


def scored_by(value: Plain) -> str:
    """The task's metric, which says what unit accuracy has."""
    found = [each.accuracy for each in measurements_of(value)]
    return next((each.metric for each in found if each), "accuracy")


def conclusion(value: Plain) -> str:
    """The decision in one sentence."""
    checks = list(value["checks"])
    kept = sum(check["verdict"] == "pass" for check in checks)
    words = f"{kept} of {len(checks)} budget{'s are' if len(checks) > 1 else ' is'} kept"
    missed = sum(check["verdict"] == "fail" for check in checks)
    unsure = len(checks) - kept - missed
    if missed:
        words += f", {missed} missed"
    if unsure:
        words += f", {unsure} inconclusive"
    return f"{value['decision']}: {words}."


def cautions(value: Plain) -> list[str]:
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
    measured = [
        ([f"{_place(device)}:", ""] if len(devices) > 1 else [])
        + [markdown_table(measurements_table(rows_of_files(_on(name, measurements))))]
        for name, device in devices.items()
    ]
    return "\n".join(
        [
            f"## {MARKS[decision]} Budgets: {decision}",
            "",
            f"{conclusion(value)} {'Devices' if len(devices) > 1 else 'Device'}: {where}"
            f"{'; ' + judged if judged else ''}.",
            *(f"\n{each['device']} failed: {each['message']}" for each in value["lost"]),
            *(f"\n⚠️ {text}" for text in value.get("warnings", ())),
            "",
            markdown_table(checks_table(value)),
            *(f"{escape(line, quote=False)}\n" for line in cautions(value)),
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


def junit(value: Plain) -> str:
    """The gate's document as JUnit XML: a test suite a file, a test case a budget.

    Inconclusive budgets are errors there, so that a CI server does not show them as passed.
    """
    checks, scored = list(value["checks"]), scored_by(value)
    files = list(dict.fromkeys(str(check["file"]) for check in checks))
    places = len({check["device"] for check in checks}) > 1
    beside = _by_file(value.get("warnings", ()), files)
    root = ElementTree.Element("testsuites", {"name": "edgehone gate", **_counts(checks)})
    for file in files:
        mine = [check for check in checks if check["file"] == file]
        suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), **_counts(mine)})
        for check in mine:
            _add_case(suite, check, places=places, scored=scored)
        if beside[file]:
            ElementTree.SubElement(suite, "system-err").text = _xml("\n".join(beside[file]))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _by_file(warnings: Iterable[str], files: Sequence[str]) -> dict[str, list[str]]:
    """Each warning once: in the suite of the file that it names, else in the first."""
    found: dict[str, list[str]] = {file: [] for file in files}
    names = names_of(files)
    for text in warnings:
        named = [file for file in files if file in text or names[file] in text]
        longest = max(named, key=lambda file: (file in text, len(names[file])), default=None)
        for file in files[:1] if longest is None else (longest,):
            found[file].append(text)
    return found


def _add_case(suite: ElementTree.Element, check: Plain, *, places: bool, scored: str) -> None:
    """One check of a file as a test case."""
    place = f" on {check['device']}" if places else ""
    name = f"{numbers.named(check['metric'], scored)} {limit(check, scored)}{place}"
    named = {"classname": suite.get("name", ""), "name": _xml(name)}
    case = ElementTree.SubElement(suite, "testcase", named)
    value = numbers.quantity(check["metric"], check["value"], scored)
    spread = numbers.interval(check["metric"], check["ci95"], scored)
    told = f"value {value}" + (f", 95 % interval {spread}" if check["ci95"] else "")
    if check["verdict"] == "pass":
        told += f"; {check['reason']}" if check["reason"] else ""
        ElementTree.SubElement(case, "system-out").text = _xml(told)
        return
    kind = "failure" if check["verdict"] == "fail" else "error"
    message = _xml(str(check["reason"] or check["verdict"]))
    ElementTree.SubElement(case, kind, {"message": message}).text = _xml(told)


def _counts(checks: Sequence[Plain]) -> dict[str, str]:
    failures = sum(check["verdict"] == "fail" for check in checks)
    errors = sum(check["verdict"] == "inconclusive" for check in checks)
    return {"tests": str(len(checks)), "failures": str(failures), "errors": str(errors)}


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, and names of files can."""


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
