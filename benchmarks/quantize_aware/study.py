"""Quantization-aware training against post-training quantization and TFMOT; writes results.md.

Everything is judged by what the exported .tflite file answers on the test recordings.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from network import keep, network, sounds

from edgehone.compress._base import TrainingContext
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSet, Split
from edgehone.export.conversion import Converter
from edgehone.export.execution import outputs
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.values import Model, PrecisionPlan, Task

HERE = Path(__file__).parent
FLOAT = Schedule(epochs=60, batch_size=64, learning_rate=5e-3)
TUNED = Schedule(epochs=5, batch_size=64, learning_rate=1e-3)
CALIBRATION = 512
NETS: Mapping[str, tuple[int, ...]] = {"wide": (16, 24, 32, 48), "narrow": (8, 12, 16, 24)}

Row = Mapping[str, float]


@dataclass(frozen=True)
class Lab:
    """What every trial works with."""

    data: DataSet
    source: Path
    work: Path
    converter: Converter


def main() -> None:
    """Run all seeds and write the tables; what was trained before is looked up in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="spoken_digits.npz")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    with Converter() as converter:
        lab = Lab(data_set(asked.data), asked.data, asked.work, converter)
        tables = []
        for name, widths in NETS.items():
            rows = [kept(lab, name, widths, seed) for seed in range(asked.seeds)]
            tables.append(table(f"{name}: {'-'.join(map(str, widths))} channels", rows))
    text = "\n".join(tables)
    (HERE / "results.md").write_text(text)
    print(text)


def data_set(file: Path) -> DataSet:
    """All training recordings to train and calibrate with, the test recordings to judge by."""
    train, test = (Split(*part) for part in sounds(file))
    return DataSet(train, test, test, str(file), "0" * 64, 10)


def kept(lab: Lab, name: str, widths: tuple[int, ...], seed: int) -> Row:
    """The results of one seed, from the folder if they are there."""
    file = lab.work / f"{name}-{seed}.json"
    if not file.exists():
        file.write_text(json.dumps(trial(lab, lab.work / f"{name}-{seed}", widths, seed)))
    found: Row = json.loads(file.read_text())
    print(name, seed, json.dumps(found), flush=True)
    return found


def trial(lab: Lab, stem: Path, widths: tuple[int, ...], seed: int) -> Row:
    """Accuracies in percent of everything that is compared, and seconds of the trainings."""
    model = float_model(lab, widths, seed)
    alone = TrainingContext(None, lab.data, Task(), seed)
    taught = TrainingContext(model, lab.data, Task(), seed)
    found = {"float32": correct(model.predict(lab.data.test.x, verbose=0), lab)}
    tuned, found["plain seconds"] = timed(lambda: fit_hard(model, alone, TUNED).model)
    found["int8, fine-tuned, then quantized"] = exported(lab, tuned, "int8", {})
    for bits in ("int8", "int8x4"):
        found[f"{bits}, quantized after training"] = exported(lab, model, bits, {})
        for label, context in (("", alone), (", with teacher", taught)):
            step = QuantizeAware(TUNED.epochs, TUNED.batch_size, TUNED.learning_rate, bits)
            done, seconds = timed(partial(step.apply, model, context))
            ranges = {n: (low, high) for n, (low, high) in done.detail["ranges"].items()}
            found[f"{bits}, quantize_aware{label}"] = exported(lab, done.model, bits, ranges)
            found[f"{bits}{label} seconds"] = seconds
    found["int8, TFMOT"], found["TFMOT seconds"] = reference(lab, stem, model, widths, seed)
    return found


def float_model(lab: Lab, widths: tuple[int, ...], seed: int) -> Any:
    """The network trained in float; the start of everything else."""
    keras = backend.keras()
    backend.seed(seed)
    fresh = network(keras.layers, keras.Model, widths)
    return fit_hard(fresh, TrainingContext(None, lab.data, Task(), seed), FLOAT).model


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returns, and the seconds it took."""
    begun = time.monotonic()
    return work(), time.monotonic() - begun


def exported(lab: Lab, model: Any, bits: str, ranges: Mapping[str, tuple[float, float]]) -> float:
    """Percent that the file in that precision answers correctly."""
    source, plain = lab.work / "model.keras", lab.work / "plain.tflite"
    result = lab.work / "quantized.tflite"
    model.save(source)
    lab.converter.convert(Model(source, "0" * 64, 0, 0), "tflite", plain)
    calibration = Calibration((lab.data.train.x[:CALIBRATION],), ranges)
    TFLite().quantize(plain, PrecisionPlan(bits), calibration, result)
    return correct(outputs(result, lab.data.test.x), lab)


def correct(scores: Any, lab: Lab) -> float:
    """Percent of the test recordings whose largest score is their label."""
    return float(100 * (np.asarray(scores).argmax(-1) == lab.data.test.y).mean())


def reference(
    lab: Lab, stem: Path, model: Any, widths: tuple[int, ...], seed: int
) -> tuple[float, float]:
    """TFMOT's accuracy in percent after as many epochs from the same weights, and its seconds."""
    weights, result = stem.with_suffix(".npz"), stem.with_suffix(".tflite")
    keep(model, weights)
    settings = [TUNED.epochs, TUNED.batch_size, TUNED.learning_rate]
    lines = [lab.source, weights, "-".join(map(str, widths)), seed, *settings, result]
    argv = [sys.executable, str(HERE / "reference.py"), *map(str, lines)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, timeout=1800)
    seconds = json.loads(done.stdout.strip().splitlines()[-1])["seconds"]
    return correct(outputs(result, lab.data.test.x), lab), float(seconds)


def table(title: str, rows: list[Row]) -> str:
    """One line for each thing that was measured: every seed, and the mean."""
    seeds = " | ".join(f"seed {seed}" for seed in range(len(rows)))
    lines = [f"### {title}\n", f"| | {seeds} | mean |", "|---" * (len(rows) + 2) + "|"]
    for name in sorted(rows[0], key=lambda name: (name.endswith("seconds"), name)):
        values = [row[name] for row in rows]
        cells = " | ".join(f"{value:.1f}" for value in [*values, fmean(values)])
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
