"""Do `edgehone bench` and `litert-benchmark` agree on the same file? Runs both, turn by turn."""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import models

from edgehone.actions.lone_files import artifact
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import measure
from edgehone.stats import percentile, ratio_ci
from edgehone.values import Artifact

HERE = Path(__file__).parent
CLAIM = 0.03
WAITED = 0.05
"""Share of its time that either may have waited for a CPU, or the turn is taken again."""
TRIES = 4
"""Turns taken at most, as a multiple of those wanted."""
HEAD = (
    "| file | edgehone, ms | litert-benchmark, ms | edgehone / litert-benchmark (95 % interval) "
    "| within 3 % | turns |\n|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Run:
    """One block: its median in milliseconds, and the share of the time it waited for a CPU."""

    median_ms: float
    waited: float


@dataclass
class Pairs:
    """Runs of one file, (edgehone, litert-benchmark) for each turn."""

    name: str
    kept: list[tuple[Run, Run]] = field(default_factory=list)
    disturbed: int = 0

    def add(self, ours: Run, theirs: Run) -> None:
        """Keep a turn, if it was not disturbed."""
        if max(ours.waited, theirs.waited) > WAITED:
            self.disturbed += 1
        else:
            self.kept.append((ours, theirs))

    def row(self) -> str:
        """One line of the table."""
        medians = [(ours.median_ms, theirs.median_ms) for ours, theirs in self.kept]
        if not medians:
            return f"| {self.name} | | | | not known | 0 (+ {self.disturbed} disturbed) |\n"
        ratio, (low, high) = ratio_ci(medians)
        ours, theirs = (percentile([pair[side] for pair in medians], 50) for side in (0, 1))
        within = "yes" if low >= 1 - CLAIM and high <= 1 + CLAIM else "not known"
        if high < 1 - CLAIM or low > 1 + CLAIM:
            within = "no"
        text = f"{ratio:.3f} ({low:.3f} to {high:.3f})"
        turns = f"{len(medians)} (+ {self.disturbed} disturbed)"
        return f"| {self.name} | {ours:.4g} | {theirs:.4g} | {text} | {within} | {turns} |\n"


@dataclass(frozen=True)
class Effort:
    """How much is measured: undisturbed turns, and for each side of a turn."""

    turns: int
    threads: int
    seconds: float


def ours(measured: Artifact, effort: Effort) -> Run:
    """One block of edgehone's, in a fresh process."""
    plan = MeasurePlan(
        memory=False,
        blocks=1,
        threads=effort.threads,
        minimum_s=effort.seconds,
        minimum_count=50,
    )
    (found,) = measure([measured], resolve("local"), plan)
    if found.latency is None:
        raise SystemExit(found.reason)
    return Run(percentile(found.latency.blocks_ms[0], 50), found.conditions["waited"][0])


def theirs(file: Path, effort: Effort, usual_ms: float) -> Run:
    """One run of litert-benchmark, a fresh process too, with as many inferences."""
    runs = max(50, int(1e3 * effort.seconds / usual_ms))
    warmup = max(5, int(50 / usual_ms))
    with tempfile.TemporaryDirectory() as scratch:
        sink = Path(scratch) / "result.json"
        argv = [sys.executable, str(HERE / "peer.py"), str(sink), f"--model={file}"]
        argv += [f"--num_threads={effort.threads}", f"--num_runs={runs}"]
        argv += [f"--warmup_runs={warmup}"]
        subprocess.run(argv, check=True, capture_output=True, timeout=300)
        found: dict[str, Any] = json.loads(sink.read_text())
    return Run(found["latency"]["median_ms"], found["waited"])


def pairs(file: Path, effort: Effort) -> Pairs:
    """Both in turn, each first in every other turn."""
    measured = artifact(file)
    usual_ms = ours(measured, effort).median_ms
    found = Pairs(file.stem)
    for turn in range(TRIES * effort.turns):
        if len(found.kept) == effort.turns:
            break
        if turn % 2:
            second = theirs(file, effort, usual_ms)
            first = ours(measured, effort)
        else:
            first = ours(measured, effort)
            second = theirs(file, effort, usual_ms)
        found.add(first, second)
        print(f"{file.stem}: {first} {second}", file=sys.stderr, flush=True)
    return found


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


def main() -> None:
    """Measure every file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    effort = Effort(asked.turns, asked.threads, asked.seconds)
    print(HEAD, end="", flush=True)
    for file in asked.files or files(asked.work):
        print(pairs(file, effort).row(), end="", flush=True)


if __name__ == "__main__":
    main()
