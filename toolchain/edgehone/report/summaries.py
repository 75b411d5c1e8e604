"""The gate's document for people and CI: a table, a sentence, Markdown, JUnit XML."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from edgehone.report import numbers
from edgehone.report.inputs import input_lines
from edgehone.report.rows import OUTCOMES, judged_on, measurements_table, names_of, rows_of_files
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tables import markdown as markdown_table
from edgehone.values import Plain

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
    found = [each.get("accuracy") for each in value["measurements"]]
    return next((str(each["metric"]) for each in found if each), "accuracy")


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
            for row in rows_of_files(value["measurements"])
            for line in input_lines(row.measurement)
        )
    )


def markdown(value: Plain) -> str:
    """The gate's document for a pull request or a release note."""
    decision = value["decision"]
    devices = {m["device"]["name"]: m["device"] for m in value["measurements"]}
    where = ", ".join(_place(device) for device in devices.values())
    judged = judged_on(value["measurements"])
    measured = [
        ([f"{_place(device)}:", ""] if len(devices) > 1 else [])
        + [markdown_table(measurements_table(rows_of_files(_on(name, value))))]
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
    suites = [_suite(file, value) for file in files]
    counts = _counts(checks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites name={quoteattr('edgehone gate')} {counts}>\n{''.join(suites)}</testsuites>\n"
    )


def _suite(file: str, value: Plain) -> str:
    """One file's checks, and as its error output what to know of the file."""
    checks = [check for check in value["checks"] if str(check["file"]) == file]
    places = len({check["device"] for check in value["checks"]}) > 1
    cases = "".join(_case(file, check, places, scored_by(value)) for check in checks)
    others = tuple(f"{c['file']} " for c in value["checks"] if str(c["file"]) != file)
    about = [text for text in value.get("warnings", ()) if not text.startswith(others)]
    told = f"    <system-err>{escape(chr(10).join(about))}</system-err>\n" if about else ""
    return f"  <testsuite name={quoteattr(file)} {_counts(checks)}>\n{cases}{told}  </testsuite>\n"


def _case(file: str, check: Plain, places: bool, scored: str) -> str:
    place = f" on {check['device']}" if places else ""
    name = f"{numbers.named(check['metric'], scored)} {limit(check, scored)}{place}"
    start = f"    <testcase classname={quoteattr(file)} name={quoteattr(name)}"
    value = numbers.quantity(check["metric"], check["value"], scored)
    spread = numbers.interval(check["metric"], check["ci95"], scored)
    told = f"value {value}" + (f", 95 % interval {spread}" if check["ci95"] else "")
    if check["verdict"] == "pass":
        told += f"; {check['reason']}" if check["reason"] else ""
        return f"{start}>\n      <system-out>{escape(told)}</system-out>\n    </testcase>\n"
    kind = "failure" if check["verdict"] == "fail" else "error"
    message = quoteattr(str(check["reason"] or check["verdict"]))
    return f"{start}>\n      <{kind} message={message}>{escape(told)}</{kind}>\n    </testcase>\n"


def _counts(checks: list[Any]) -> str:
    failures = sum(check["verdict"] == "fail" for check in checks)
    errors = sum(check["verdict"] == "inconclusive" for check in checks)
    return f'tests="{len(checks)}" failures="{failures}" errors="{errors}"'
