"""How long a table of 1,000 costs takes, and how well it predicts 30 networks."""

import argparse
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from nets import net

from edgehone.export.conversion import Converter
from edgehone.formats._base import Calibration
from edgehone.formats._tflite.entries import entries
from edgehone.formats.tflite import TFLite
from edgehone.graph.backend import keras
from edgehone.measure.device import Device, resolve
from edgehone.measure.layer_costs import settled_prices
from edgehone.run.cost_tables import table_of
from edgehone.run.measured_costs import MeasuredCosts, place_of
from edgehone.search.common_shapes import common_keys
from edgehone.search.correction import fit
from edgehone.search.cost_grid import filled
from edgehone.search.cost_table import CostTable
from edgehone.search.file_costs import predicted
from edgehone.store import Store
from edgehone.system.files import sha256_of, write_whole
from edgehone.values import LayerSpec, Model, PrecisionPlan

HERE = Path(__file__).parent
ENTRIES, NETS, CONVERTED = 1000, 30, 12
LEFT_OUT = 32
"""Height of usual layers that are not among the 1,000."""
PRECISIONS = ("float32", "int8")
SAMPLES = 8
PACKAGES = ("ai-edge-litert", "litert-quantizer", "tensorflow", "numpy")

Json = dict[str, Any]


def main() -> None:
    """Every part that is not there yet, then the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument(
        "--again", action="append", default=[], help="A part to do anew: table, predictions, …"
    )
    arguments = parser.parse_args()
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[[Path], Json]] = {
        "table": table_part,
        "converter": converter_part,
        "files": files_part,
        "predictions": predictions_part,
    }
    found: Json = {"machine": machine()}
    for name, part in parts.items():
        file = work / f"{name}.json"
        if name in arguments.again or not file.is_file():
            before = os.getloadavg()[0]
            value = part(work)
            value["load"] = [round(before, 2), round(os.getloadavg()[0], 2)]
            write_whole(file, json.dumps(value, indent=1))
        found[name] = json.loads(file.read_text())
    (HERE / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    text = page(found)
    (HERE / "results.md").write_text(text)
    print(text)


def table_part(work: Path) -> Json:
    """1,000 costs, each measured; and the same ones with as few measured as it takes."""
    keys = common_keys(PRECISIONS, TFLite.OPERATORS)
    chosen = [key for key in keys if key[0].height != LEFT_OUT][:ENTRIES]
    form = TFLite()
    started = time.perf_counter()
    made = [form.layer_model(*key) for key in chosen]
    building_s = time.perf_counter() - started
    if not all(isinstance(each, bytes) for each in made):
        raise SystemExit("Not every layer has a file.")
    with TemporaryDirectory(dir=work) as scratch:
        every = costs_in(Path(scratch) / "every", work)
        started, before = time.perf_counter(), processor_s()
        measured = every(chosen)
        every_s, every_processor_s = time.perf_counter() - started, processor_s() - before
        started = time.perf_counter()
        costs_in(Path(scratch) / "every", work)(chosen)
        again_s = time.perf_counter() - started
        few = costs_in(Path(scratch) / "few", work)
        started = time.perf_counter()
        table = filled(chosen, few)
        few_s = time.perf_counter() - started
    errors = [
        abs(table.prices[key] / float(measured[key]) - 1)
        for key in sorted(table.interpolated, key=repr)
    ]
    return {
        "entries": len(chosen),
        "building_s": building_s,
        "building_and_measuring_s": every_s,
        "building_and_measuring_processor_s": every_processor_s,
        "looked_up_s": again_s,
        "adaptive_s": few_s,
        "adaptive_measured": few.measured,
        "interpolated": len(table.interpolated),
        "interpolation_errors": errors,
    }


def processor_s() -> float:
    """Processor time of this process and of those it has waited for, which no other work lengthens
    much.
    """
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def costs_in(folder: Path, work: Path) -> MeasuredCosts:
    """Costs on this machine, kept in a store of this folder."""
    device = resolve("local")
    return MeasuredCosts(Store(folder).costs, place_of(device, ".tflite"), device, TFLite(), work)


def converter_part(work: Path) -> Json:
    """Seconds that a layer takes through the converter and the quantizer, TensorFlow loaded; and,
    right after it, without them.
    """
    keys = [key for key in common_keys(("int8",), ()) if key[0].kind == "conv"]
    chosen = keys[:: len(keys) // CONVERTED][:CONVERTED]
    seconds, without = [], []
    with Converter(trust=True) as converter, TemporaryDirectory(dir=work) as scratch:
        convert(converter, one_layer(chosen[0][0]), Path(scratch), "warm")
        for number, (spec, _, _) in enumerate(chosen):
            model = one_layer(spec)
            started = time.perf_counter()
            convert(converter, model, Path(scratch), f"layer{number}")
            seconds.append(time.perf_counter() - started)
            started = time.perf_counter()
            for precision in PRECISIONS:
                TFLite().layer_model(spec, precision)
            without.append(time.perf_counter() - started)
    return {"seconds": seconds, "without": without}


def one_layer(spec: LayerSpec) -> Any:
    """A Keras model of one convolution."""
    layers = keras().layers
    start = keras().Input((spec.height, spec.width, spec.in_channels))
    made = layers.Conv2D(
        spec.out_channels, spec.kernel, spec.strides, padding=spec.padding, activation="relu"
    )
    return keras().Model(start, made(start))


def convert(converter: Converter, model: Any, folder: Path, name: str) -> dict[str, Path]:
    """The model's files by precision, calibrated with random samples."""
    source = folder / f"{name}.keras"
    model.save(source)
    saved = Model(source, sha256_of(source), model.count_params(), 0)
    form, whole = TFLite(), folder / f"{name}-float32.tflite"
    converter.convert(saved, "tflite", whole)
    shape = (SAMPLES, *model.input_shape[1:])
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    quantized = folder / f"{name}-int8.tflite"
    form.quantize(whole, PrecisionPlan("int8"), Calibration((x,)), quantized)
    return {"float32": whole, "int8": quantized}


def files_part(work: Path) -> Json:
    """The networks' files, made net by net; those that are there stay."""
    folder = work / "nets"
    folder.mkdir(exist_ok=True)
    names = []
    with Converter(trust=True) as converter:
        for number in range(NETS):
            files = [folder / f"net{number}-{precision}.tflite" for precision in PRECISIONS]
            if not all(file.is_file() for file in files):
                convert(converter, net(number), folder, f"net{number}")
            names += [file.name for file in files]
    return {"files": names}


def predictions_part(work: Path) -> Json:
    """Each file's cost as measured, and as predicted from the costs of its operators alone."""
    device = resolve("local")
    files = [
        (work / "nets" / f"net{number}-{precision}.tflite", precision)
        for number in range(NETS)
        for precision in PRECISIONS
    ]
    parts = {file: [(each.spec, each.precision) for each in entries(file)] for file, _ in files}
    keys = {(spec, p, "") for each in parts.values() for spec, p in each if spec and p}
    with TemporaryDirectory(dir=work) as scratch:
        costs = MeasuredCosts(
            Store(Path(scratch)).costs, place_of(device, ".tflite"), device, TFLite(), work
        )
        table = table_of(sorted(keys, key=repr), PRECISIONS, costs)
        rows = measured_rows(device, files, parts, table)
    return {"costs": len(table.prices), "interpolated": len(table.interpolated), "rows": rows}


def measured_rows(
    device: Device,
    files: Sequence[tuple[Path, str]],
    parts: dict[Path, list[tuple[LayerSpec | None, str]]],
    table: CostTable,
) -> list[Json]:
    """A row a file."""
    prices = settled_prices([file for file, _ in files], device)
    rows = []
    for (file, precision), price in zip(files, prices, strict=True):
        found = predicted(parts[file], precision, table)
        rows.append(
            {
                "file": file.name,
                "precision": precision,
                "operators": len(parts[file]),
                "unknown": found.unknown,
                "predicted_ms": found.cost,
                "measured_ms": price.cost,
                "settled": price.settled,
            }
        )
    return rows


def page(found: Json) -> str:
    """The results as Markdown."""
    table, rows = found["table"], found["predictions"]["rows"]
    converted, without = (
        statistics.median(found["converter"][key]) for key in ("seconds", "without")
    )
    lines = [
        "# What a table of costs takes, and what it predicts",
        "",
        found["machine"],
        "",
        "| | |",
        "|---|---|",
        f"| costs, each measured | {table['entries']:,} in "
        f"{table['building_and_measuring_s']:.1f} s, "
        f"{table['building_and_measuring_processor_s']:.1f} s of a processor |",
        f"| of which the files are built in | {table['building_s']:.1f} s |",
        f"| looked up again | {table['looked_up_s']:.1f} s |",
        f"| adaptive: measured, interpolated | {table['adaptive_measured']:,}, "
        f"{table['interpolated']:,} in {table['adaptive_s']:.1f} s |",
        f"| interpolated costs within 5 %, 10 % | {share(table['interpolation_errors'], 0.05)}, "
        f"{share(table['interpolation_errors'], 0.10)} |",
        f"| one layer in float32 and int8 by the converter and quantizer; without them | "
        f"{converted:.2f} s; {1000 * without:.1f} ms, {converted / without:,.0f} times as fast |",
        f"| load average before and after | {table['load'][0]} and {table['load'][1]} |",
        "",
        f"{NETS} networks drawn at random (`nets.py`), from "
        f"{found['predictions']['costs']:,} costs; load average "
        f"{found['predictions']['load'][0]} and {found['predictions']['load'][1]}:",
        "",
        "| precision | as summed: within 5 % | within 10 % | median error | worst | "
        "by one line: within 5 % | within 10 % | median error | worst |",
        "|---|---|---|---|---|---|---|---|---|",
        *[prediction_line(precision, rows) for precision in PRECISIONS],
        "",
    ]
    return "\n".join(lines)


def prediction_line(precision: str, rows: Sequence[Json]) -> str:
    """One precision: the plain sums, and those through the straight line that fits them best."""
    alike = [row for row in rows if row["precision"] == precision and row["measured_ms"]]
    sums = [row["predicted_ms"] for row in alike]
    true = [row["measured_ms"] for row in alike]
    line = fit(sums, true, [1.0] * len(sums))
    cells = [precision]
    for values in (sums, [line.forward(each) for each in sums]):
        errors = [abs(value / real - 1) for value, real in zip(values, true, strict=True)]
        cells += [share(errors, 0.05), share(errors, 0.10)]
        cells += [f"{statistics.median(errors):.1%}", f"{max(errors):.1%}"]
    return f"| {' | '.join(cells)} |"


def share(errors: Sequence[float], limit: float) -> str:
    """How many are at most the limit, in per cent."""
    return f"{sum(error <= limit for error in errors) / len(errors):.0%}" if errors else "none"


def machine() -> str:
    """What measured, and with what."""
    cpu = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    made_by = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cpu}, one thread; {platform.system()}, Python {platform.python_version()}; {made_by}."


if __name__ == "__main__":
    main()
