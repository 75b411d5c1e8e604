"""Compares two finished files on devices: which is faster, from interleaved pairs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.actions import lone_files, notebook
from edgehone.actions.settings import MeasureOptions, Setting
from edgehone.documents import measurement_json, plain
from edgehone.errors import UsageError
from edgehone.measure import comparison
from edgehone.measure.comparison import ALPHA, FEWEST_PAIRS, MARGIN, MOST_PAIRS
from edgehone.measure.fleet import Lost, lost_json, on_each, require_kinds
from edgehone.system.bounds import BLOCKS
from edgehone.values import Progress, silent

_NOTHING: dict[str, Any] = {
    "ratio": None,
    "ci95": None,
    "pairs": 0,
    "verdict": "inconclusive",
    "reason": "no device could be measured",
    "measurements": [],
}


@dataclass(frozen=True)
class Request:
    """Two files, the devices, data whose samples are run; pairs: the most pairs of blocks (None:
    36); margin in [0, 1]: ratios this near to 1 are the same.
    """

    a: Path
    b: Path
    on: tuple[str, ...] = ()
    data: str | None = None
    pairs: int | None = None
    margin: float = MARGIN
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pairs is not None and not FEWEST_PAIRS <= self.pairs <= BLOCKS:
            raise UsageError(
                f"pairs = {self.pairs} is out of range.", f"Give {FEWEST_PAIRS} to {BLOCKS}."
            )
        if not 0 <= self.margin <= 1:
            raise UsageError(f"margin = {self.margin} is out of range.", "Give 0 to 1.")


@dataclass(frozen=True, repr=False)
class Compared:
    """(device, comparison) in the order asked, and the devices that failed while others went on.
    verdict, ratio and ci95 are those of the first device.
    """

    comparisons: tuple[tuple[str, comparison.Comparison], ...]
    lost: tuple[Lost, ...] = ()

    @property
    def verdict(self) -> str:
        """One of "faster" (A is), "slower", "same", "inconclusive"."""
        return str(self.document["verdict"])

    @property
    def ratio(self) -> float | None:
        """A's p50 over B's: 0.5 means that A takes half the time. None: not measured."""
        found: float | None = self.document["ratio"]
        return found

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The ratio's interval, of 99 % or more over all looks."""
        found = self.document["ci95"]
        return None if found is None else (found[0], found[1])

    @property
    def reason(self) -> str:
        """What else is to be known of the verdict, or why there is none."""
        return str(self.document["reason"])

    @property
    def document(self) -> dict[str, Any]:
        """What `edgehone compare --json` prints (schema "compare")."""
        found = [_document(device, each) for device, each in self.comparisons]
        first = {key: value for key, value in (found or [_NOTHING])[0].items() if key != "device"}
        return {**first, "comparisons": found, "lost": lost_json(self.lost)}

    def __repr__(self) -> str:
        ratio = "" if self.ratio is None else f", ratio {self.ratio:.3g}"
        return f"<Compared: {self.verdict}{ratio}>"

    def _repr_html_(self) -> str:
        return notebook.comparisons(self.document)


def compare(request: Request, setting: Setting, progress: Progress = silent) -> Compared:
    """Measure pairs of blocks until they tell, on every device; files of the same content are the
    same at once.

    Raises UsageError, DataError, ModelError for what cannot be measured, and DeviceError where the
    only device fails.
    """
    first, second = lone_files.artifact(request.a), lone_files.artifact(request.b)
    devices = setting.devices(request.on)
    asked = MeasureOptions(seed=request.seed, threads=request.threads, memory=False)
    plan = setting.plan([first, second], request.data, asked)
    if first.sha256 == second.sha256:
        require_kinds(devices)
        equal = (comparison.equal(first, second, each, request.margin) for each in devices)
        return Compared(tuple((each.name, one) for each, one in zip(devices, equal, strict=True)))
    found = on_each(
        devices,
        lambda device, each: comparison.compare(
            first,
            second,
            device,
            plan,
            each,
            most=request.pairs or MOST_PAIRS,
            margin=request.margin,
        ),
        progress,
    )
    return Compared(tuple((device.name, each) for device, each in found.results), found.lost)


def _document(device: str, found: comparison.Comparison) -> dict[str, Any]:
    return {
        "device": device,
        "ratio": plain(found.ratio),
        "ci95": plain(found.ci95),
        "pairs": found.pairs,
        "looks": found.looks,
        "margin": found.margin,
        "confidence": 1 - ALPHA,
        "verdict": found.verdict,
        "reason": found.reason,
        "measurements": [measurement_json(one) for one in found.measurements],
    }
