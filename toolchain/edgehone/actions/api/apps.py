"""`app`: a finished file, or a run's winner, as projects for phones, the web and boards."""

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions.api import arguments, datasets
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.api.measuring import SEEDS
from edgehone.actions.api.results import Run
from edgehone.actions.app import kits
from edgehone.actions.app.log import read
from edgehone.actions.app.sources import RANDOM
from edgehone.documents import measurement_from_json
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Measurement, Progress, Task, silent


@public
@explained(
    {
        "model": "a .tflite or .onnx file, an artifact, or a `Run`, whose winner is taken.",
        "folder": "a new folder; each platform gets one of its name in it.",
        "platforms": '"android", "ios", "flutter", "react-native", "web", "linux", "micro", "ort", '
        '"mediapipe"; '
        "one or several.",
        "data": "samples (n, *shape) as the app has them, before any scaling, that golden samples "
        'are taken from: arrays or a path; None: those of `config` or of the run, else "random" '
        "ones.",
        "classes": "names of the classes, in order.",
        "scale": "the model sees (x * scale + offset - mean) / std.",
        "mean": "see scale; one number, or one for each channel.",
        "std": "see scale; as mean.",
        "input_kind": 'what the app has: "image", "audio", "numbers" or "identifiers"; "": by '
        "shape and data.",
        "licence": "the model's, as its owner states it.",
        "name": "what projects and classes are called; by the file if left out.",
        "libraries": "the runtime's .so, .aar or .apk files, to be counted and checked for memory "
        "pages of 16 KiB.",
        "tiers": 'for "android": devices that get another model by a Play AI pack, the first that '
        'matches, each "NAME=CHOICE:CONDITION": "low=smallest:ram<4GiB".',
        "delivery": 'of that pack: "install-time", "fast-follow" or "on-demand".',
        "config": "a project file, for [data] and [task].",
    }
)
def app(
    model: Any,
    folder: PathOrText,
    platforms: str | Sequence[str],
    *,
    data: Any = None,
    classes: Sequence[str] = (),
    scale: float | None = None,
    offset: float | None = None,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    input_kind: str = "",
    task: Task | str | None = None,
    licence: str = "",
    name: str = "",
    libraries: Any = (),
    tiers: Sequence[str] = (),
    delivery: str = "install-time",
    config: PathOrText | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> kits.Kits:
    """Write a project for each platform into `folder`, a new one: wrapper, golden test, contract.

    Returns a mapping, what `edgehone app --json` prints: "kits", "warnings". Raises UsageError,
    DataError, ModelError, ConversionError, StorageError; then nothing is written.
    """
    setting = arguments.setting(
        config=config, task=task, scale=scale, offset=offset, progress=progress
    )
    text = _about(input_kind, classes, (mean, std), licence, name)
    run, runs = (model.id, model.place) if isinstance(model, Run) else ("", RUNS_FOLDER)
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        request = kits.Request(
            platforms=arguments.names(platforms, "platforms"),
            destination=arguments.path(folder, "folder"),
            file=None if run else arguments.file(model, "model"),
            run=run,
            folder=runs,
            data=RANDOM if _is_random(data) else datasets.optional(data, scratch),
            about=text,
            libraries=() if _is_none(libraries) else arguments.files(libraries, "libraries"),
            tiers=arguments.names(tiers, "tiers"),
            delivery=arguments.text(delivery, "delivery"),
            seed=arguments.integer(seed, "seed", low=0, high=SEEDS),
        )
        return kits.app(request, setting, progress)


def _about(
    kind: str,
    classes: Sequence[str],
    scaling: tuple[Sequence[float], Sequence[float]],
    licence: str,
    name: str,
) -> kits.About:
    """What is said of the model; scaling: mean and deviation."""
    return kits.About(
        kind=arguments.text(kind, "input_kind"),
        names=arguments.names(classes, "classes"),
        mean=arguments.numbers(scaling[0], "mean"),
        deviation=arguments.numbers(scaling[1], "std"),
        licence=arguments.text(licence, "licence"),
        name=arguments.text(name, "name"),
    )


def _is_none(libraries: Any) -> bool:
    return libraries is None or (isinstance(libraries, Sequence) and not len(libraries))


def _is_random(data: Any) -> bool:
    return isinstance(data, str) and data == RANDOM


@public
@explained(
    {
        "log": "the log, whatever else is in it.",
        "model": "the file that ran, where the store does not have it.",
        "runs": "the folder of runs, whose store keeps the measurements.",
    }
)
def app_measurements(
    log: PathOrText, *, model: Any = None, runs: PathOrText = RUNS_FOLDER
) -> list[Measurement]:
    """Keep the latencies (ms) that kits' golden tests printed into a log, labelled "app".

    Returns the measurements. Raises DataError for a log without any, UsageError for a model that
    is not known.
    """
    given = None if model is None else arguments.file(model, "model")
    found = read(arguments.path(log, "log"), arguments.path(runs, "runs"), given)
    return [measurement_from_json(each) for each in found["measurements"]]
