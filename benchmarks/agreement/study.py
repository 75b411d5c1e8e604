"""Do `edgehone bench` and `litert-benchmark` agree on the same file? Runs both, turn by turn."""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models

from edgehone.cli.files import artifact
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import measure
from edgehone.stats import percentile, ratio_ci
from edgehone.values import Artifact

HERE = Path(__file__).parent
CLAIM = 0.03
HEAD = (
    "| file | edgehone, ms | litert-benchmark, ms | edgehone / litert-benchmark "
    "(95 % interval) | within 3 % |\n|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Pairs:
    """Medians in milliseconds, (edgehone, litert-benchmark), of one turn each."""

    name: str
    medians_ms: list[tuple[float, float]]

    def row(self) -> str:
        """One line of the table."""
        ratio, (low, high) = ratio_ci(self.medians_ms)
        ours, theirs = (percentile([pair[side] for pair in self.medians_ms], 50) for side in (0, 1))
        within = "yes" if low >= 1 - CLAIM and high <= 1 + CLAIM else "not known"
        if high < 1 - CLAIM or low > 1 + CLAIM:
            within = "no"
        return (
            f"| {self.name} | {ours:.4g} | {theirs:.4g} | {ratio:.3f} ({low:.3f} to {high:.3f}) "
            f"| {within} |\n"
        )


def ours_ms(measured: Artifact, threads: int, seconds: float) -> float:
    """The median of one block of edgehone's, in a fresh process."""
    plan = MeasurePlan(memory=False, blocks=1, threads=threads, minimum_s=seconds, minimum_count=50)
    (found,) = measure([measured], resolve("local"), plan)
    if found.latency is None:
        raise SystemExit(found.reason)
    return percentile(found.latency.blocks_ms[0], 50)


def theirs_ms(file: Path, threads: int, runs: int, warmup: int) -> float:
    """The median of one run of litert-benchmark's, which is a fresh process too."""
    with tempfile.TemporaryDirectory() as scratch:
        sink = Path(scratch) / "result.json"
        argv = [sys.executable, str(HERE / "peer.py"), f"--model={file}", f"--result_json={sink}"]
        argv += [f"--num_threads={threads}", f"--num_runs={runs}", f"--warmup_runs={warmup}"]
        subprocess.run(argv, check=True, capture_output=True, timeout=300)
        found: dict[str, Any] = json.loads(sink.read_text())
    return float(found["latency"]["median_ms"])


def pairs(file: Path, turns: int, threads: int, seconds: float) -> Pairs:
    """Both in turn, each first in every other turn; the same number of runs and warm-ups."""
    measured = artifact(file)
    usual = ours_ms(measured, threads, seconds)
    runs, warmup = max(50, int(1e3 * seconds / usual)), max(5, int(50 / usual))
    found = []
    for turn in range(turns):
        calls = [
            lambda: ours_ms(measured, threads, seconds),
            lambda: theirs_ms(file, threads, runs, warmup),
        ]
        if turn % 2:
            second, first = calls[1](), calls[0]()
        else:
            first, second = calls[0](), calls[1]()
        found.append((first, second))
        print(f"{file.stem}: {first:.4g} {second:.4g} ms", file=sys.stderr, flush=True)
    return Pairs(file.stem, found)


def main() -> None:
    """Measure every file and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    text = HEAD
    for file in asked.files or files(asked.work):
        text += pairs(file, asked.turns, asked.threads, asked.seconds).row()
    print(text)


def files(folder: Path) -> list[Path]:
    """The files in `folder`, made when they are not there."""
    found = []
    for name in models.NAMES:
        wanted = [folder / f"{name}-{precision}.tflite" for precision in models.PRECISIONS]
        if not all(file.is_file() for file in wanted):
            argv = [sys.executable, str(HERE / "models.py"), name, str(folder)]
            subprocess.run(argv, check=True, timeout=1200)
        found += wanted
    return found


if __name__ == "__main__":
    main()
