"""The page about a run: one HTML file that needs no network, no server and no script to be read."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from edgehone.compress._tree_rules import rules_text
from edgehone.report import (
    details,
    drawing,
    holdup,
    predictions,
    spreads,
    summary,
    tables,
    tradeoff,
)
from edgehone.report.conditions import conditions_table
from edgehone.report.elsewhere import elsewhere_table
from edgehone.report.rows import Row, measurements_table, rows_of_run
from edgehone.values import Plain


def render(document: Plain) -> str:
    """The page about one run, from the document that `edgehone run --json` prints."""
    rows = rows_of_run(document)
    baseline = rows[0]
    sections = [
        _header(document, rows, baseline),
        _budgets(document, rows),
        _hold_up(document),
        _trade_off(document, rows, baseline),
        _elsewhere(document),
        _students(document),
        _layers(rows),
        _predictions(document, rows),
        _latencies(rows),
        _steps(rows),
        _files(rows),
        _conditions(rows),
        _about(document, rows),
    ]
    style = _asset("page.css")
    script = _asset("page.js")
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
        '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        '<meta name=color-scheme content="light dark">\n'
        f"<title>{escape(str(document['run']))} · edgehone</title>\n"
        f"<style>\n{style}</style></head>\n<body><main>\n{''.join(sections)}</main>\n"
        f"<script>\n{script}</script>\n</body></html>\n"
    )


def _header(document: Plain, rows: Sequence[Row], baseline: Row) -> str:
    winner = next((row for row in rows if row.role == "winner"), None)
    project = document.get("project") or {}
    device = document["device"]
    where = (
        device["name"]
        if device["name"] == device["target"]
        else (f"{device['name']} ({device['target']})")
    )
    decision = tables.badge(str(document["decision"]))
    about = [
        PurePath(str(project.get("teacher") or "")).name,
        PurePath(str(project.get("data") or "")).name,
        f"measured on {where}",
        f"objective: {_objective(document)}",
        str(document.get("created") or "")[:16].replace("T", " "),
        f"took {document['seconds']:.0f} s" if document.get("seconds") else "",
    ]
    line = " · ".join(escape(part) for part in about if part)
    told = ""
    if winner:
        found = summary.claims(baseline, winner, document.get("winner_speedup"))
        told = summary.claims_html(found)
    notes = _warnings(summary.warnings(document, rows))
    return (
        f"<header><h1>{escape(str(document['run']))} {decision}</h1>\n"
        f"<p class=quiet>{line}</p>\n"
        f"<p class=lead>{escape(summary.headline(document, winner, baseline))}</p>\n"
        f"{told}{notes}</header>\n"
    )


def _warnings(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    items = "".join(f"<li>{escape(text)}</li>\n" for text in texts)
    return f"<div class=warning><b>Take the numbers with care.</b><ul>\n{items}</ul></div>\n"


def _objective(document: Plain) -> str:
    objective = document.get("objective") or {}
    return ", ".join(f"{verb} {metric}" for verb, metric in objective.items() if metric)


def _budgets(document: Plain, rows: Sequence[Row]) -> str:
    return _section("Budgets", "", tables.html(summary.budgets_table(document, rows)))


def _hold_up(document: Plain) -> str:
    found = document.get("generalization")
    if not found:
        return ""
    classes = holdup.classes_table(found)
    body = tables.html(holdup.overall_table(found))
    body += tables.html(classes) if classes.rows else ""
    return _section("How the winner holds up", holdup.note(found), body)


def _trade_off(document: Plain, rows: Sequence[Row], baseline: Row) -> str:
    chart = tradeoff.trade_off(rows, summary.limits(document, baseline))
    note = (
        "Up and to the left is better. A bubble's area is the file's size on disk, grey lines are "
        "95 % intervals, the stepped line joins what nothing else beats, dashes are budgets."
    )
    drawn = _figure(chart, "no model has both a cost and a score")
    brief = tables.html(measurements_table(rows, brief=True))
    everything = tables.html(measurements_table(rows))
    rest = f"<details><summary>All numbers</summary>{everything}</details>\n"
    return _section("Trade-off", note, drawn + brief + rest)


def _elsewhere(document: Plain) -> str:
    table = elsewhere_table(document)
    if not table.rows:
        return ""
    note = (
        f"Candidates are searched for on {document['device']['name']}; these are the other "
        "devices, whose budgets count all the same."
    )
    return _section("On the other devices", note, tables.html(table))


def _students(document: Plain) -> str:
    if not document.get("students"):
        return ""
    note = (
        "Students of several sizes after short trainings; those left at the end were measured "
        "so, and the chosen one was then trained in full."
    )
    return _section("Students tried", note, tables.html(details.students_table(document)))


def _layers(rows: Sequence[Row]) -> str:
    note = (
        "Channels kept of those there were; darker means more was kept. A chip names a rank, or a "
        "precision other than the candidate's own."
    )
    body = details.layers_html(rows)
    return _section("What was decided, layer by layer", note, body) if body else ""


def _predictions(document: Plain, rows: Sequence[Row]) -> str:
    drawn = [predictions.predicted(rows, what) for what in predictions.QUANTITIES]
    figures = "".join(_figure(chart, "") for chart in drawn if chart is not None)
    if not figures:
        return ""
    stopped = str(document.get("stopped") or "")
    end = f"<p class=quiet>The rounds ended: {escape(stopped)}.</p>\n" if stopped else ""
    note = "On the dashed diagonal a prediction is perfect. Each miss corrects the next round."
    body = f"<div class=pair>{figures}</div>{tables.html(details.predictions_table(rows))}"
    rounds = details.rounds_table(document)
    turns = tables.html(rounds) if rounds.rows else ""
    return _section("Predicted against measured", note, body + turns + end)


def _latencies(rows: Sequence[Row]) -> str:
    chart = spreads.latencies(rows)
    if chart is None:
        return ""
    note = (
        "The line spans 1 % to 99 % of all inferences, the bar the middle half, the tick is the "
        "median. Dots are the medians of blocks, each a fresh process. On the right, lines that "
        "reach the edge go on beyond it."
    )
    return _section("Latency distributions", note, _figure(chart, ""))


def _steps(rows: Sequence[Row]) -> str:
    made = details.one_each([row for row in rows if row.source.get("steps")])
    if not made:
        return ""
    parts = [tables.html(details.recipes_table(made))]
    for row in made:
        shown = " open" if row.role == "winner" else ""
        table = tables.html(details.steps_table(row))
        body = table + _rules(row)
        parts.append(
            f"<details{shown}><summary>{escape(row.source['name'])}</summary>{body}</details>\n"
        )
    return _section("Recipes and their steps", "", "".join(parts))


def _rules(row: Row) -> str:
    """What a soft decision tree has learned, where one is among the steps."""
    found = [step["detail"]["rules"] for step in row.source["steps"] if _has_rules(step)]
    return "".join(
        f"<div class=scroll><pre>{escape(rules_text(rules))}</pre></div>\n" for rules in found
    )


def _has_rules(step: Plain) -> bool:
    return bool((step.get("detail") or {}).get("rules")) and not step.get("skipped")


def _files(rows: Sequence[Row]) -> str:
    table = details.files_table(rows)
    if not table.rows:
        return ""
    note = "What each file holds, and how close it computes to the Keras model it was made from."
    return _section("Exported files", note, tables.html(table))


def _conditions(rows: Sequence[Row]) -> str:
    note = "The machine before and after each measurement, as far as it tells."
    return _section("Conditions", note, tables.html(conditions_table(rows)))


def _about(document: Plain, rows: Sequence[Row]) -> str:
    project = {**(document.get("project") or {})}
    facts = {
        **project,
        "artifacts": document.get("artifacts"),
        "best unproven": document.get("best_unproven_file"),
        "status": document.get("status"),
    }
    around = {**details.machine_of(rows), **(document.get("environment") or {})}
    body = details.facts_html(facts) + details.facts_html(around)
    return _section("Project and environment", "", body)


def _section(title: str, note: str, body: str) -> str:
    told = f"<p class=quiet>{escape(note)}</p>\n" if note else ""
    return f"<section><h2>{escape(title)}</h2>\n{told}{body}</section>\n"


def _figure(chart: Any, missing: str) -> str:
    if chart is None:
        return f"<p class=quiet>Nothing to draw: {escape(missing)}.</p>\n"
    return f"<figure>{drawing.svg(chart)}</figure>\n"


def _asset(name: str) -> str:
    return files("edgehone.report").joinpath(name).read_text(encoding="utf-8")
