"""What TFLite's and LiteRT's benchmark programs print, read as the protocol's numbers."""

import re
from dataclasses import dataclass
from math import isfinite

from edgehone.system.bounds import COUNT
from edgehone.values import Plain

NUMBER = r"([-+.\deE]+)"

# TFLite's, in microseconds: a line "count=… first=… curr=… min=… max=… avg=… std=…" for the warm-up
# and one for the inferences, with p5, median and p95 in newer ones; then a summary.
STATISTICS = re.compile(r"count=\d+.*")
FIELD = re.compile(rf"(\w+)={NUMBER}")
INIT = re.compile(rf"Init: {NUMBER}, First inference: {NUMBER}")

# LiteRT's, in milliseconds with two decimals; its Python twin `litert-benchmark` prints the same.
LINE = re.compile(
    r"(Model initialization|Warmup|Inference)(?: \((\w+)\))?: +"
    rf"{NUMBER}(?: ms)?(?: \((\d+) runs\))?"
)

HALF_MICROSECOND_NS, HALF_STEP_NS = 500, 5000
"""The most that a time printed as 0 can be: TFLite's in microseconds, LiteRT's as 0.00 ms."""

MEMORY = re.compile(rf"init={NUMBER} overall={NUMBER}")
PEAK = re.compile(
    rf"(?:Overall peak memory footprint \(MB\) via periodic monitoring|Peak memory): +{NUMBER}"
)
FOOTPRINTS = re.compile(rf"(Init|Overall) footprint: +{NUMBER} MB")
MIB = 2**20

COMPLAINT = re.compile(r"^.*\b(?:ERROR|Error|FATAL|failed|Failed)\b.*$", re.MULTILINE)
IGNORED = re.compile(r"^.*(?:Unconsumed cmdline flags?|Unrecognized)\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Summary:
    """All that is reported of one run's times: nanoseconds, by the program's own names."""

    init_ns: int
    cold_ns: int
    runs: int
    inference_ns: Plain

    @property
    def typical(self) -> str:
        """The name of the number that stands for all: the median where there is one."""
        return "median" if "median" in self.inference_ns else "avg"


def summary(text: str) -> Summary | None:
    """The times in what was printed; None when they are not there."""
    try:
        return _in_microseconds(text) or _in_milliseconds(text)
    except (ValueError, KeyError):  # it looks like numbers and is none
        return None


def memory(text: str) -> Plain | None:
    """The protocol's peak, model and process, in bytes; None when they are not there.

    Growth of the process's highest resident size: over loading, and over all of the run.
    """
    sizes = dict(FOOTPRINTS.findall(text))
    if found := MEMORY.search(text):
        sizes = {"Init": found[1], "Overall": found[2]}
    if set(sizes) != {"Init", "Overall"}:
        return None
    whole = PEAK.search(text)
    try:
        model, overall = (_whole(sizes[name], MIB) for name in ("Init", "Overall"))
        highest = _whole(whole[1], MIB) if whole else 0
    except ValueError:
        return None
    peak = max(model, overall, 0)
    process = max(peak, highest)
    return {"peak": peak, "model": max(model, 0), "process": process, "how": "benchmark_model"}


def complaint(text: str) -> str:
    """The last line that tells of an error, on one line of at most 500 characters; or ""."""
    found = COMPLAINT.findall(text)
    return " ".join(found[-1].split())[:500] if found else ""


def ignored_flags(text: str) -> str:
    """The line in which a program says which of its words it did not understand; or ""."""
    found = IGNORED.search(text)
    return found[0] if found else ""


def _whole(text: str, factor: float) -> int:
    """A number that was printed, times a factor. Raises ValueError for what is none."""
    found = float(text) * factor
    if not isfinite(found) or abs(found) > COUNT:
        raise ValueError(f"{text!r} is not a number that was measured")
    return round(found)


def _in_microseconds(text: str) -> Summary | None:
    blocks = [dict(FIELD.findall(line)) for line in STATISTICS.findall(text)]
    begun = INIT.search(text)
    if not blocks or begun is None:
        return None
    runs = _whole(blocks[-1].pop("count"), 1)
    times = {name: _whole(value, 1e3) for name, value in blocks[-1].items()}
    init, cold = (max(_whole(value, 1e3), HALF_MICROSECOND_NS) for value in begun.groups())
    return Summary(init, cold, runs, times)


def _in_milliseconds(text: str) -> Summary | None:
    detail = {(what, which): (value, runs) for what, which, value, runs in LINE.findall(text)}
    average = detail.get(("Inference", "avg"))
    if average is None or not average[1]:
        return None
    times = {
        which: _whole(value, 1e6)
        for (what, which), (value, _) in detail.items()
        if what == "Inference"
    }
    begun = (detail[what] for what in (("Model initialization", ""), ("Warmup", "first")))
    init, cold = (max(_whole(value, 1e6), HALF_STEP_NS) for value, _ in begun)
    return Summary(init, cold, _whole(average[1], 1), times)
