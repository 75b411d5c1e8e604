"""The lower half of the page: layers, steps, predictions, conditions, environment."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from edgehone.report import numbers
from edgehone.report.conditions import MACHINE
from edgehone.report.recipes import recipe_words
from edgehone.report.rows import Row, cost_kind
from edgehone.report.summary import scored_by
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.values import Plain


def students_table(document: Plain) -> Table:
    """Students that were tried, one a row, in order of cost; the chosen one is marked."""
    found = list(document.get("students") or ())
    metric = ((document.get("project") or {}).get("task") or {}).get("metric") or "accuracy"
    turns = sorted({epochs for each in found for epochs, _ in each["scores"]})
    sizes = numbers.column([each["size_bytes"] for each in found], "bytes")
    times = numbers.column([each["latency_p50_ms"] for each in found], "ms")
    columns: list[tuple[Column, Sequence[Cell | str]]] = [
        (Column("width"), [f"{each['width']:g}" for each in found]),
        (Column("depth"), [f"{each['depth']:g}" for each in found]),
        (Column("parameters"), [f"{each['params']:,}" for each in found]),
        (Column("MACs"), [f"{each['macs']:,}" for each in found]),
    ]
    for turn in turns:
        reached = [dict(map(tuple, each["scores"])).get(turn) for each in found]
        title = Column(f"{metric} after {turn} epoch{'s' if turn > 1 else ''}")
        columns.append((title, [numbers.quantity(metric, value) for value in reached]))
    columns += [
        (Column("p50", times[0]), times[1]),
        (Column("size", sizes[0]), sizes[1]),
        (Column("outcome", numeric=False), [each["outcome"] for each in found]),
    ]
    marked = [row for row, each in enumerate(found) if each["outcome"] == "chosen"]
    return from_columns(columns, marked)


def machine_of(rows: Sequence[Row]) -> dict[str, Any]:
    """What the device said of itself."""
    conditions = rows[0].measurement.get("conditions") or {}
    return {f"device's {key}": conditions[key] for key in MACHINE if key in conditions}


def one_each(rows: Sequence[Row]) -> list[Row]:
    """One row a candidate, the winner where it is among them: formats share recipe and layers."""
    found: dict[str, Row] = {}
    for row in rows:
        name = str(row.source["name"])
        if name not in found or row.role == "winner":
            found[name] = row
    return list(found.values())


def layers_html(rows: Sequence[Row]) -> str:
    """What was decided about every layer, one candidate a column; darker: more was kept."""
    made = one_each([row for row in rows if row.source.get("layers")])
    if not made:
        return ""
    names = list(dict.fromkeys(layer["name"] for row in made for layer in row.source["layers"]))
    kinds = {layer["name"]: layer["kind"] for row in made for layer in row.source["layers"]}
    defaults = {row.name: _default_precision(row) for row in made}
    head = "".join(
        f"<th{' class=marked' if row.role == 'winner' else ''}>{escape(row.source['name'])}"
        f"<small>{escape(defaults[row.name])}</small></th>"
        for row in made
    )
    lines = []
    for name in names:
        cells = "".join(_layer_cell(row, name, defaults[row.name]) for row in made)
        kind = escape(kinds[name])
        lines.append(f"<tr><th scope=row>{escape(name)} <small>{kind}</small></th>{cells}</tr>\n")
    return (
        "<div class=scroll><table class=layers><thead><tr><th></th>"
        f"{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>\n"
    )


def _default_precision(row: Row) -> str:
    bits = (row.source.get("recipe") or {}).get("bits") or {}
    return str(bits.get("default", ""))


def _layer_cell(row: Row, name: str, default: str) -> str:
    layer = next((a for a in row.source["layers"] if a["name"] == name), None)
    marked = " marked" if row.role == "winner" else ""
    if layer is None:
        return f'<td class="quiet{marked}">{numbers.ABSENT}</td>'
    kept, before = layer.get("channels"), layer.get("channels_before")
    share = kept / before if kept and before else 1.0
    chips = [f"rank {layer['rank']}"] if layer.get("rank") else []
    if layer.get("precision") and layer["precision"] != default:
        chips.append(str(layer["precision"]))
    text = "" if kept is None else str(kept)
    if kept is not None and before and kept != before:
        text += f"<small> / {before}</small>"
    marks = "".join(f" <i>{escape(chip)}</i>" for chip in chips)
    title = f"{name} in {row.name}: {kept} of {before} channels, {layer.get('precision')}"
    return (
        f'<td class="heat{marked}" style="--share:{share:.3f}" title="{escape(title)}">'
        f"{text}{marks}</td>"
    )


def recipes_table(rows: Sequence[Row]) -> Table:
    """How each candidate was made."""
    made = [row for row in rows if row.source.get("recipe")]
    return from_columns(
        [
            (Column("candidate", numeric=False), [str(row.source["name"]) for row in made]),
            (Column("round"), [str(row.source.get("round", "")) for row in made]),
            (Column("recipe", numeric=False), [recipe_words(row.source["recipe"]) for row in made]),
        ],
        [n for n, row in enumerate(made) if row.role == "winner"],
    )


def steps_table(row: Row) -> Table:
    """What every step of a candidate did: parameters, MACs, float bytes, before and after."""
    steps = list(row.source.get("steps") or ())
    return from_columns(
        [
            (Column("step", numeric=False), [str(step["technique"]) for step in steps]),
            (Column("parameters"), [_change(step["params"], "count") for step in steps]),
            (Column("MACs"), [_change(step["macs"], "count") for step in steps]),
            (Column("float32 size"), [_change(step["size_bytes"], "bytes") for step in steps]),
            (
                Column("remarks", numeric=False),
                [Cell(_remark(step), "quiet") for step in steps],
            ),
        ]
    )


def _remark(step: Mapping[str, Any]) -> str:
    """Why a step was left out, or what it noted."""
    if step.get("skipped"):
        return f"left out: {step['skipped']}"
    return str((step.get("detail") or {}).get("note", ""))


def _change(pair: Sequence[float], kind: str) -> str:
    before, after = (numbers.in_unit(value, kind) for value in pair)
    if pair[0] == pair[1]:
        return before
    return f"{before} → {after} ({numbers.signed(100 * (pair[1] / pair[0] - 1), 0, plus=True)} %)"


PREDICTED = {
    "ms": ("predicted_latency_ms", "latency"),
    "count": ("predicted_instructions", "instructions"),
}
"""Where the prediction of a kind of cost stands, and what the cost is called."""


def predictions_table(rows: Sequence[Row]) -> Table:
    """Predicted and measured side by side, and how far off the prediction was."""
    kind = cost_kind(rows)
    key, cost = PREDICTED[kind]
    made = [row for row in rows if row.source.get(key)]
    guesses = [float(row.source[key]) for row in made]
    costs = [row.cost(kind) for row in made]
    unit, both = numbers.column([*guesses, *costs], kind)
    sizes = [_number(row.source.get("predicted_size_bytes")) for row in made]
    size_unit, size_cells = numbers.column([*sizes, *(float(r.size_bytes) for r in made)], "bytes")
    drops = [_number(row.source.get("predicted_accuracy_drop")) for row in made]
    half = len(made)
    return from_columns(
        [
            (Column("candidate", numeric=False), [row.name for row in made]),
            (Column(f"{cost} predicted", unit), both[:half]),
            (Column("measured", unit), both[half:]),
            (Column("off by"), [_off(*pair) for pair in zip(guesses, costs, strict=True)]),
            (Column("size predicted", size_unit), size_cells[:half]),
            (Column("measured", size_unit), size_cells[half:]),
            (Column("off by"), [_off(s, r.size_bytes) for s, r in zip(sizes, made, strict=True)]),
            (
                Column("drop predicted"),
                [_drop(drop, row) for drop, row in zip(drops, made, strict=True)],
            ),
            (Column("measured"), [_drop(row.drop, row) for row in made]),
        ],
        [n for n, row in enumerate(made) if row.role == "winner"],
    )


def _drop(drop: float | None, row: Row) -> str:
    if drop is None:
        return numbers.ABSENT
    if numbers.kind_of(row.metric) == "share":
        return numbers.points(drop)
    return numbers.figures(drop)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _off(guess: float | None, measured: float | None) -> str:
    if not guess or not measured:
        return numbers.ABSENT
    return f"{numbers.signed(100 * (guess / measured - 1), 1, plus=True)} %"


def rounds_table(document: Plain) -> Table:
    """What each round aimed at, what it kept, and what could not be made."""
    rounds = list(document.get("rounds") or ())
    metric = next(iter((document.get("objective") or {}).values()), "")
    aims = [numbers.quantity(metric, _number(turn.get("target"))) for turn in rounds]
    refused = ["; ".join(_refusal(item) for item in turn.get("refused") or ()) for turn in rounds]
    scored = scored_by(document)
    return from_columns(
        [
            (Column("round"), [str(turn["round"]) for turn in rounds]),
            (Column(f"aimed at {metric}"), aims),
            (
                Column("quality budgets on validation data", numeric=False),
                [_quality(turn, scored) for turn in rounds],
            ),
            (Column("why", numeric=False), [str(turn.get("reason") or "") for turn in rounds]),
            (Column("could not be made", numeric=False), refused),
        ]
    )


def _quality(turn: Plain, scored: str) -> str:
    """What the validation split says of the quality budgets: each value, and how it was taken."""
    kept, checks = turn.get("quality_kept"), list(turn.get("quality") or ())
    words = [_validated(check, scored) for check in checks]
    if not words and kept is not None:
        words = ["kept" if kept else "not proven"]
    if checks and kept:
        words.append("likely to be kept on the test data")
    if checks and kept is False and all(check["verdict"] != "fail" for check in checks):
        words.append("too near the limit to be confirmed on the test data")
    return "; ".join(words)


WORDS = {"pass": "kept", "fail": "missed", "inconclusive": "not proven"}


def _validated(check: Plain, scored: str) -> str:
    metric = check["metric"]
    value = numbers.quantity(metric, check["value"], scored)
    spread = f" ({numbers.interval(metric, check['ci95'], scored)})" if check["ci95"] else ""
    limit = numbers.quantity(metric, check["limit"], scored)
    return f"{metric} {value}{spread}, {check['bound']} {limit}: {WORDS[check['verdict']]}"


def _refusal(item: Plain) -> str:
    return f"{item['format']}: {item['reason']}"


def files_table(rows: Sequence[Row]) -> Table:
    """What is in each candidate's file, and its parity with the Keras model."""
    made = [row for row in rows if row.source.get("audit") or row.source.get("parity")]
    audits = [row.source.get("audit") or {} for row in made]
    parities = [row.source.get("parity") or {} for row in made]
    return from_columns(
        [
            (Column("file", numeric=False), [row.name for row in made]),
            (Column("parameters"), [_count(row.source.get("params")) for row in made]),
            (Column("MACs"), [_count(row.source.get("macs")) for row in made]),
            (Column("operators"), [_total(audit.get("operators")) for audit in audits]),
            (Column("integer only", numeric=False), [_integer(audit) for audit in audits]),
            (Column("largest error"), [numbers.figures(p.get("max_error")) for p in parities]),
            (Column("SNR", "dB"), [numbers.figures(p.get("snr_db")) for p in parities]),
            (Column("same label"), [numbers.percent(p.get("agreement")) for p in parities]),
        ],
        [n for n, row in enumerate(made) if row.role == "winner"],
    )


def _count(value: Any) -> str:
    return numbers.in_unit(_number(value), "count")


def _total(operators: Mapping[str, int] | None) -> str:
    return str(sum(operators.values())) if operators else numbers.ABSENT


def _integer(audit: Plain) -> Cell:
    if not audit:
        return Cell(numbers.ABSENT)
    floats = [str(layer["name"]) for layer in audit.get("float_layers") or ()]
    if audit.get("integer_only"):
        return Cell("yes")
    return Cell(f"no: {', '.join(floats[:3])}{'…' if len(floats) > 3 else ''}", remark=str(floats))


def facts_html(facts: Mapping[str, Any]) -> str:
    """Names and values as a list of terms."""
    lines = []
    for key, value in facts.items():
        told = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else value
        )
        if told not in (None, ""):
            lines.append(f"<dt>{escape(key)}</dt><dd>{escape(str(told))}</dd>")
    return f"<dl>{''.join(lines)}</dl>\n"
