"""Is channel pruning exact on every family of keras.applications? Writes docs/families.md."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from architectures import FAMILIES, Family, built, images  # noqa: E402 - a file beside this one

from edgehone.errors import EdgehoneError  # noqa: E402
from edgehone.export.conversion import Converter  # noqa: E402
from edgehone.export.execution import outputs  # noqa: E402
from edgehone.graph.costs import total_macs, total_params  # noqa: E402
from edgehone.graph.groups import ChannelGraph, analyse  # noqa: E402
from edgehone.graph.loading import load, save  # noqa: E402
from edgehone.graph.rebuild import keep_channels, masked  # noqa: E402
from edgehone.graph.unfold import unfold  # noqa: E402

PRUNED = 0.3
SAMPLES = 3
CLOSE = 1e-3
"""Largest relative error at which a converted file counts as right."""

Row = dict[str, Any]


def main() -> None:
    """Study the families asked for, those not in work/ yet, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="*", default=[family.name for family in FAMILIES])
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--again", action="store_true", help="also those in work/")
    asked = parser.parse_args()
    asked.work.mkdir(exist_ok=True)
    with Converter(timeout_s=900) as converter:
        for family in FAMILIES:
            kept = asked.work / f"{family.name}.json"
            if family.name in asked.families and (asked.again or not kept.exists()):
                row = studied(family, converter)
                kept.write_text(json.dumps(row, indent=1))
                print(json.dumps(row), flush=True)
    files = [asked.work / f"{family.name}.json" for family in FAMILIES]
    rows = [json.loads(file.read_text()) for file in files if file.exists()]
    (HERE.parent.parent / "docs" / "families.md").write_text(page(rows))


def studied(family: Family, converter: Converter) -> Row:
    """Everything about one family."""
    model = unfold(built(family))
    x = images(family, SAMPLES, 1)
    start = process_time()
    graph = analyse(model)
    analysis_s = process_time() - start
    kept, removed = chosen(graph)
    with masked(model, graph, removed):
        expected = np.asarray(model(x, training=False))
    start = process_time()
    small = keep_channels(model, graph, kept)
    rebuild_s = process_time() - start
    found = np.asarray(small(x, training=False))
    whole = np.asarray(model(x, training=False))
    return {
        "family": family.name,
        "architecture": family.architecture,
        "groups": len(graph.groups),
        "prunable": sum(group.prunable for group in graph.groups),
        "share": share(model, graph),
        "params": [total_params(model), total_params(small)],
        "macs": [total_macs(model), total_macs(small)],
        "error": relative(found, expected),
        "changed": relative(expected, whole),
        "varies": relative(found[0], found[1]),
        **converted(small, x, found, converter),
        "analysis_s": analysis_s,
        "rebuild_s": rebuild_s,
        "frozen": first_reason(graph),
    }


def chosen(graph: ChannelGraph, share: float = PRUNED) -> tuple[Any, Any]:
    """Random units of every prunable group: those that stay, and those that go."""
    rng = np.random.default_rng(0)
    kept, removed = {}, {}
    for group in graph.groups:
        if group.prunable:
            order = rng.permutation(group.channels).tolist()
            count = max(1, round(group.channels * (1 - share)))
            kept[group.name], removed[group.name] = order[:count], order[count:]
    return kept, removed


def share(model: Any, graph: ChannelGraph) -> float:
    """Share of the parameters that lie in a channel that may go, as what makes or reads it."""
    free = np.zeros(graph.count, np.bool_)
    for group in graph.groups:
        free[graph.units_of(group.name)] = group.prunable
    count = 0
    for layer in model.layers:
        fixed = [np.ones(tuple(weight.shape), np.bool_) for weight in layer.weights]
        for each in graph.traces[layer.name].slices if layer.name in graph.traces else ():
            moved = np.moveaxis(fixed[each.weight], each.axis, 0)
            moved[free[each.units]] = False
        count += sum(int((~flags).sum()) for flags in fixed)
    return count / total_params(model)


def relative(found: Any, expected: Any) -> float:
    """Largest difference over the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def converted(small: Any, x: Any, expected: Any, converter: Converter) -> Row:
    """Saved, loaded again, converted and run: the largest relative errors, or what went wrong."""
    row: Row = {}
    with tempfile.TemporaryDirectory() as folder:
        saved = save(small, Path(folder) / "small.keras")
        again = load(str(saved.path))
        row["reloaded"] = relative(np.asarray(again(x, training=False)), expected)
        for form in ("tflite", "onnx"):
            try:
                file = converter.convert(saved, form, Path(folder) / f"small.{form}")
                row[form] = relative(outputs(file, x), expected)
            except EdgehoneError as error:
                row[form] = str(error)
    return row


def first_reason(graph: ChannelGraph) -> str:
    """Why the first group that is frozen, and not tied to the output, is."""
    reasons = [group.reason for group in graph.groups if not group.prunable]
    return next((reason for reason in reasons if not reason.endswith("output")), "")


HEAD = """# Channel pruning on the families of keras.applications

One architecture of each family, built for ten classes with random weights, biases, scales and
statistics, on small images. A random 30 % of the units of every prunable group go. *Error* is the
largest difference between the rebuilt model and the whole one with the same units masked, over the
largest output. The rebuilt model is then saved, loaded again, converted to TFLite and ONNX and run;
a tick stands for a relative error of at most 0.001 against the rebuilt Keras model. *In groups* is
the share of parameters that lie in a channel that may go. Seconds are of CPU time, one thread.

Written by `python benchmarks/families/study.py`; tests/peers/test_families.py repeats a part of it.

| family | architecture | groups | prunable | in groups | parameters | MACs | error | TFLite \
| ONNX | analysis, s | rebuild, s | first reason to stay, but the output |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def page(rows: list[Row]) -> str:
    """The document."""
    return HEAD + "".join(line(row) for row in rows)


def line(row: Row) -> str:
    """One family."""
    params, macs = (f"{a / 1e6:.2f} → {b / 1e6:.2f} M" for a, b in (row["params"], row["macs"]))
    cells = [
        row["family"],
        row["architecture"],
        row["groups"],
        row["prunable"],
        f"{row['share']:.0%}",
        params,
        macs,
        f"{row['error']:.0e}",
        tick(row["tflite"]),
        tick(row["onnx"]),
        f"{row['analysis_s']:.2f}",
        f"{row['rebuild_s']:.1f}",
        row["frozen"] or "none",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def tick(result: float | str) -> str:
    """✓, how far it is off, or why there is no result."""
    if isinstance(result, str):
        return result
    return "✓" if result <= CLOSE else f"off by {result:.0e}"


if __name__ == "__main__":
    main()
