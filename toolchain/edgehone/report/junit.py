"""The gate's document as JUnit XML, which CI servers read."""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from edgehone.report import checks as checks_
from edgehone.report.checks import limit, scored_by
from edgehone.report.rows import names_of
from edgehone.system.visible import visible
from edgehone.values import Plain


def junit(value: Plain) -> str:
    """The gate's document as JUnit XML: a test suite a file, a test case a budget, named by its id.

    Inconclusive budgets are errors there, so that a CI server does not show them as passed.
    """
    checks, scored = list(value["checks"]), scored_by(value)
    files = list(dict.fromkeys(str(check["file"]) for check in checks))
    beside = _by_file(value.get("warnings", ()), files)
    root = ElementTree.Element("testsuites", {"name": "edgehone gate", **_counts(checks)})
    for file in files:
        own = [check for check in checks if check["file"] == file]
        times = [_time_of(check, value) for check in own]
        about = {"name": _shown(file), **_counts(own), "time": f"{sum(times):.3f}"}
        suite = ElementTree.SubElement(root, "testsuite", about)
        for check, took_s in zip(own, times, strict=True):
            _add_case(suite, check, took_s=took_s, scored=scored)
        if beside[file]:
            ElementTree.SubElement(suite, "system-err").text = "\n".join(map(_shown, beside[file]))
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


def _add_case(suite: ElementTree.Element, check: Plain, *, took_s: float, scored: str) -> None:
    """One check of a file as a test case; its name does not depend on limit or value."""
    named = {
        "classname": suite.get("name", ""),
        "name": _shown(checks_.id_of(check)),
        "time": f"{took_s:.3f}",
    }
    case = ElementTree.SubElement(suite, "testcase", named)
    text = f"{checks_.named(check, scored)} {limit(check, scored)}"
    text += f"; value {checks_.value(check, scored)}"
    text += f", 95 % interval {checks_.interval(check, scored)}" if check["ci95"] else ""
    why = checks_.reason(check)
    if check["verdict"] == "pass" or not checks_.counts(check):
        if check["verdict"] != "pass":
            text = f"{checks_.verdict(check)}: {text}"
        text += f"; {why}" if why else ""
        ElementTree.SubElement(case, "system-out").text = _shown(text)
        return
    kind = "failure" if check["verdict"] == "fail" else "error"
    message = _shown(why or str(check["verdict"]))
    ElementTree.SubElement(case, kind, {"message": message}).text = _shown(text)


def _time_of(check: Plain, value: Plain) -> float:
    """Seconds that answering it took: the device's time, shared among its checks."""
    device, tier = check.get("device"), check.get("tier")
    took = float((value.get("took_s") or {}).get(device if tier != "file" else "", 0.0))
    alike = [
        each
        for each in value["checks"]
        if (each.get("tier") == "file") == (tier == "file")
        and (tier == "file" or each.get("device") == device)
    ]
    return took / max(len(alike), 1)


def _counts(checks: Sequence[Plain]) -> dict[str, str]:
    counted = [check for check in checks if checks_.counts(check)]
    failures = sum(check["verdict"] == "fail" for check in counted)
    errors = sum(check["verdict"] == "inconclusive" for check in counted)
    return {"tests": str(len(checks)), "failures": str(failures), "errors": str(errors)}


def _shown(text: str) -> str:
    """Text as XML 1.0 can hold it, and one line: names of files can be anything."""
    return visible(text)
