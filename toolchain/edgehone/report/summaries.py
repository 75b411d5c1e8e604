"""The gate's document for people and CI: a table, a sentence, Markdown, JUnit XML."""

from pathlib import PurePath
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from edgehone.report import numbers
from edgehone.report.inputs import input_lines
from edgehone.report.rows import OUTCOMES, measurements_table, rows_of_files
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tables import markdown as markdown_table
from edgehone.values import Plain

SIGNS = {"max": "≤", "min": "≥"}
MARKS = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}


def checks_table(value: Plain) -> Table:
    """Every check of the gate, one a row; the file and the device where there are several."""
    checks = list(value["checks"])
    several = len({check["file"] for check in checks}) > 1
    places = len({check["device"] for check in checks}) > 1
    return from_columns(
        [
            (
                Column("file", numeric=False),
                [PurePath(check["file"]).name if several else "" for check in checks],
            ),
            (
                Column("device", numeric=False),
                [check["device"] if places else "" for check in checks],
            ),
            (Column("budget", numeric=False), [check["metric"] for check in checks]),
            (Column("limit"), [limit(check) for check in checks]),
            (Column("value"), [numbers.quantity(c["metric"], c["value"]) for c in checks]),
            (Column("95 % interval"), [numbers.interval(c["metric"], c["ci95"]) for c in checks]),
            (
                Column("verdict", numeric=False),
                [Cell(c["verdict"], OUTCOMES.get(c["verdict"], "")) for c in checks],
            ),
            (Column("reason", numeric=False), [check["reason"] for check in checks]),
        ]
    )


def limit(check: Plain) -> str:
    """A check's limit with its sign: ≤ 60 KiB."""
    return f"{SIGNS[check['bound']]} {numbers.quantity(check['metric'], check['limit'])}"


def conclusion(value: Plain) -> str:
    """The decision in one sentence."""
    checks = list(value["checks"])
    kept = sum(check["verdict"] == "pass" for check in checks)
    words = f"{kept} of {len(checks)} budgets are kept"
    missed = sum(check["verdict"] == "fail" for check in checks)
    unsure = len(checks) - kept - missed
    if missed:
        words += f", {missed} missed"
    if unsure:
        words += f", {unsure} cannot be told"
    return f"{value['decision']}: {words}."


def cautions(value: Plain) -> list[str]:
    """What happened to samples or kernels that a reader should know, a sentence a file."""
    return list(
        dict.fromkeys(
            f"{row.name}: {line}"
            for row in rows_of_files(value["measurements"])
            for line in input_lines(row.measurement)
        )
    )


def markdown(value: Plain) -> str:
    """The gate's document for a pull request or a release note."""
    decision = value["decision"]
    devices = {m["device"]["name"]: m["device"] for m in value["measurements"]}
    where = ", ".join(_place(device) for device in devices.values())
    measured = [
        ([f"{_place(device)}:", ""] if len(devices) > 1 else [])
        + [markdown_table(measurements_table(rows_of_files(_on(name, value))))]
        for name, device in devices.items()
    ]
    return "\n".join(
        [
            f"## {MARKS[decision]} Budgets: {decision}",
            "",
            f"{conclusion(value)} {'Devices' if len(devices) > 1 else 'Device'}: {where}.",
            *(f"\n{each['device']} failed: {each['message']}" for each in value["lost"]),
            "",
            markdown_table(checks_table(value)),
            *(f"{escape(line)}\n" for line in cautions(value)),
            "<details><summary>What was measured</summary>",
            "",
            *(line for lines in measured for line in lines),
            "</details>",
            "",
        ]
    )


def _place(device: Plain) -> str:
    return f"{device['name']} ({device['target']})" if device["target"] else str(device["name"])


def _on(name: str, value: Plain) -> list[Any]:
    return [each for each in value["measurements"] if each["device"]["name"] == name]


def junit(value: Plain) -> str:
    """The gate's document as JUnit XML: a test suite a file, a test case a budget.

    Inconclusive budgets are errors there, so that a CI server does not show them as passed.
    """
    checks = list(value["checks"])
    files = list(dict.fromkeys(str(check["file"]) for check in checks))
    places = len({check["device"] for check in checks}) > 1
    suites = [_suite(file, [c for c in checks if c["file"] == file], places) for file in files]
    counts = _counts(checks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites name={quoteattr('edgehone gate')} {counts}>\n{''.join(suites)}</testsuites>\n"
    )


def _suite(file: str, checks: list[Any], places: bool) -> str:
    cases = "".join(_case(file, check, places) for check in checks)
    return f"  <testsuite name={quoteattr(file)} {_counts(checks)}>\n{cases}  </testsuite>\n"


def _case(file: str, check: Plain, places: bool) -> str:
    name = f"{check['metric']} {limit(check)}" + (f" on {check['device']}" if places else "")
    start = f"    <testcase classname={quoteattr(file)} name={quoteattr(name)}"
    value = numbers.quantity(check["metric"], check["value"])
    spread = numbers.interval(check["metric"], check["ci95"])
    told = f"value {value}" + (f", 95 % interval {spread}" if check["ci95"] else "")
    if check["verdict"] == "pass":
        return f"{start}>\n      <system-out>{escape(told)}</system-out>\n    </testcase>\n"
    kind = "failure" if check["verdict"] == "fail" else "error"
    message = quoteattr(str(check["reason"] or check["verdict"]))
    return f"{start}>\n      <{kind} message={message}>{escape(told)}</{kind}>\n    </testcase>\n"


def _counts(checks: list[Any]) -> str:
    failures = sum(check["verdict"] == "fail" for check in checks)
    errors = sum(check["verdict"] == "inconclusive" for check in checks)
    return f'tests="{len(checks)}" failures="{failures}" errors="{errors}"'
