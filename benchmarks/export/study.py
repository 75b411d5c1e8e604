"""What `edgehone export` takes beside the bare converter; writes results.md."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from networks import NETWORKS, write

from edgehone.stats import ratio_ci

HERE = Path(__file__).parent
SAMPLES = 200
LIMIT = 1.3
"""At most so many times the bare converter's time, by decision."""

Times = Mapping[str, float]
"""Seconds of one process: "wall", and "cpu" of it and all that it started."""
Pair = Mapping[str, Times]
"""One run of each, right after each other: "bare" and "edgehone"."""


def main() -> None:
    """Measure the pairs that are missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    tables = [table(name, pairs(name, asked.pairs, asked.work)) for name in NETWORKS]
    text = "\n".join([machine(), *tables])
    (HERE / "results.md").write_text(text)
    print(text)


def pairs(name: str, count: int, work: Path) -> list[Pair]:
    """Pairs of a network, kept one by one; each side goes first in every other pair."""
    kept = work / f"{name}.json"
    found: list[Pair] = json.loads(kept.read_text()) if kept.exists() else []
    commands = both(name, work)
    while len(found) < count:
        order = list(commands) if len(found) % 2 else list(commands)[::-1]
        found.append({side: timed(commands[side]) for side in order})
        kept.write_text(json.dumps(found))
        print(name, len(found), json.dumps(found[-1]), flush=True)
    return found[:count]


def both(name: str, work: Path) -> Mapping[str, Sequence[str]]:
    """The two commands, which make the same kind of file of the same model and samples."""
    model, data = map(str, write(name, work))
    bare = [str(HERE / "bare.py"), model, data, str(SAMPLES), str(work / f"{name}-bare.tflite")]
    export = ["export", model, "-o", str(work), "--precision", "int8", "--calibration", data]
    return {
        "bare": [sys.executable, *bare],
        "edgehone": [sys.executable, "-m", "edgehone", *export, "--samples", str(SAMPLES)],
    }


def timed(command: Sequence[str]) -> Times:
    """What a process and its children take. Raises CalledProcessError when it fails."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime}


def machine() -> str:
    """The machine and the libraries that the numbers are of."""
    from importlib.metadata import version

    names = ("edgehone", "tensorflow", "keras", "litert-quantizer", "ai-edge-litert")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[2]
    return (
        f"{processor()}, {os.cpu_count()} logical CPUs, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}; {versions}. "
        f"Load average over the last 15 minutes: {load:.1f}.\n"
    )


def processor() -> str:
    """The processor's name, where the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def table(name: str, found: Sequence[Pair]) -> str:
    """Medians of both sides, and the typical ratio within a pair with its 95 % interval."""
    lines = [
        f"### {name}, int8 .tflite, {SAMPLES} samples, {len(found)} pairs\n",
        "| | bare converter (s) | edgehone export (s) | ratio | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for kind, label in (("wall", "wall time"), ("cpu", "processor time")):
        ratio, (low, high) = ratio_ci([(p["edgehone"][kind], p["bare"][kind]) for p in found])
        bare, own = (median(p[side][kind] for p in found) for side in ("bare", "edgehone"))
        lines.append(
            f"| {label} | {bare:.2f} | {own:.2f} | {ratio:.2f} | {low:.2f} to {high:.2f} |"
        )
    ratio, _ = ratio_ci([(p["edgehone"]["wall"], p["bare"]["wall"]) for p in found])
    verdict = "within" if ratio <= LIMIT else "above"
    return "\n".join([*lines, "", f"The wall time is {verdict} the limit of {LIMIT} times.\n"])


if __name__ == "__main__":
    main()
