"""`bench`, `compare` and `devices`: finished files measured on devices."""

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions import bench as benching
from edgehone.actions import compare as comparing
from edgehone.actions.api import arguments, datasets
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.devices import listing
from edgehone.actions.settings import MeasureOptions
from edgehone.measure.comparison import MARGIN
from edgehone.system.bounds import BLOCKS, THREADS
from edgehone.values import Progress, silent

SEEDS = 2**32 - 1


@public
@explained(
    {
        "files": "paths of .tflite or .onnx files, or artifacts; one or a list.",
        "baseline": "the one of the files that drops of accuracy are counted from, sample by "
        "sample.",
        "blocks": "fresh processes a file, 1 to 10,000. None: as the device's target says.",
        "memory": "whether memory is measured, in a process of its own.",
        "record": 'a file for what the device answers, for "scripted://FILE".',
    }
)
def bench(
    files: Any,
    *,
    on: str | Sequence[str] | None = None,
    data: Any = None,
    baseline: Any = None,
    task: Any = None,
    blocks: int | None = None,
    threads: int | None = None,
    memory: bool = True,
    scale: float | None = None,
    offset: float | None = None,
    config: PathOrText | None = None,
    record: PathOrText | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> benching.Benchmark:
    """Measure latency (ms), memory (bytes) and accuracy of files, side by side on devices.

    Blocks of files alternate in a drawn order, so that a change of the device's speed meets all of
    them; raw samples are kept. Returns a sequence of `Measurement`, one a file and device.
    Raises UsageError, ConfigError, DataError, ModelError, DeviceError.
    """
    setting = arguments.setting(
        config=config, task=task, scale=scale, offset=offset, progress=progress
    )
    asked = MeasureOptions(
        seed=arguments.integer(seed, "seed", low=0, high=SEEDS),
        blocks=_count(blocks, "blocks", BLOCKS),
        threads=_count(threads, "threads", THREADS),
        memory=arguments.flag(memory, "memory"),
    )
    with TemporaryDirectory(prefix="edgehone-") as folder:
        request = benching.Request(
            arguments.files(files),
            arguments.names(on, "on"),
            datasets.optional(data, folder),
            asked,
            None if record is None else arguments.path(record, "record"),
            None if baseline is None else arguments.file(baseline, "baseline"),
        )
        return benching.bench(request, setting, progress)


@public
@explained(
    {
        "a": "a .tflite or .onnx file, or an artifact.",
        "b": "the file that it is compared with.",
        "data": "samples that are run, instead of made-up ones.",
        "pairs": "most pairs of blocks, 12 or more (None: 36); as many are measured as it takes.",
        "margin": "in [0, 1]: ratios this near to 1 are called the same.",
    }
)
def compare(
    a: Any,
    b: Any,
    *,
    on: str | Sequence[str] | None = None,
    data: Any = None,
    pairs: int | None = None,
    margin: float = MARGIN,
    threads: int | None = None,
    scale: float | None = None,
    offset: float | None = None,
    config: PathOrText | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> comparing.Compared:
    """Tell which of two .tflite or .onnx files is faster: the ratio of their p50 latencies.

    The interval comes from drawing orders anew (a randomization test) at the looks of
    `edgehone.measure.comparison`; of two files that are alike, 1 in 100 are called different.
    Returns `Compared`: verdict ("faster": a is; "slower", "same", "inconclusive"), ratio, ci95.
    Raises UsageError, ConfigError, DataError, ModelError, DeviceError.
    """
    setting = arguments.setting(
        config=config, task=None, scale=scale, offset=offset, progress=progress
    )
    first, second = arguments.file(a, "a"), arguments.file(b, "b")
    with TemporaryDirectory(prefix="edgehone-") as folder:
        request = comparing.Request(
            first,
            second,
            arguments.names(on, "on"),
            datasets.optional(data, folder),
            None if pairs is None else arguments.integer(pairs, "pairs", low=12, high=BLOCKS),
            arguments.number(margin, "margin", low=0, high=1),
            threads=_count(threads, "threads", THREADS),
            seed=arguments.integer(seed, "seed", low=0, high=SEEDS),
        )
        return comparing.compare(request, setting, progress)


@public
@explained({"on": "devices by name; None: all that are known.", "config": "a project file."})
def devices(
    on: str | Sequence[str] | None = None, *, config: PathOrText | None = None
) -> list[dict[str, Any]]:
    """Whether devices can be measured on: a row a device, of those named or of all that are known.

    {"name", "target", "emulated", "reachable", "fit", "runtimes": {name: version}, "remarks"}.
    A device that cannot be reached is a row that says so. Raises UsageError for an unknown name.
    """
    setting = arguments.setting(config=config, task=None, scale=None, offset=None, progress=silent)
    return listing.rows(setting, arguments.names(on, "on"))


def _count(given: int | None, what: str, high: int) -> int | None:
    return None if given is None else arguments.integer(given, what, low=1, high=high)
