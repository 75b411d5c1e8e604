"""`compress`: techniques carried out on a model, one after another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions import notebook
from edgehone.actions.api import arguments, datasets, models
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.api.measuring import SEEDS
from edgehone.actions.api.techniques import techniques_of
from edgehone.actions.settings import Setting
from edgehone.actions.training import data_of, teacher_finding
from edgehone.compress._base import Technique, TrainingContext
from edgehone.compress.training.options import TrainingOptions
from edgehone.compress.training.requirements import require_fit
from edgehone.documents import step_report_json
from edgehone.errors import UsageError
from edgehone.graph.supported import require_single
from edgehone.run.preflight import require_alike
from edgehone.values import WARNING, Event, Progress, Recipe, Step, StepReport, Task, silent


@dataclass(frozen=True)
class Candidate:
    """A compressed Keras model (`model`), what each step did (`reports`), and the recipe."""

    model: Any
    reports: tuple[StepReport, ...]
    recipe: Recipe
    warnings: tuple[str, ...] = field(default=())

    @property
    def document(self) -> list[dict[str, Any]]:
        """The reports as plain data, as `edgehone compress --json` has them under "steps"."""
        return [step_report_json(each) for each in self.reports]

    def save(self, path: PathOrText) -> Path:
        """Write the model to a .keras file, whole or not at all, without optimizer and date.

        Raises UsageError for another kind of file, StorageError.
        """
        return _save(self, path)

    def _repr_html_(self) -> str:
        return notebook.steps(self.document)


@public
def _save(candidate: Candidate, path: PathOrText) -> Path:
    from edgehone.graph import loading

    return loading.save(candidate.model, arguments.path(path, "path")).path


@dataclass(frozen=True)
class _Models:
    """The model and its teacher, as Keras has them; source: the model's file."""

    model: Any
    teacher: Any
    source: str = ""


@public
@explained(
    {
        "model": "a Keras model, a candidate, or a path.",
        "recipe": "techniques in order, such as [edgehone.PruneChannels(ratio=0.5), "
        "edgehone.Distill(epochs=4)]: instances, classes (the caller's own as well), names, a "
        "`Recipe`, or a TOML file with one [[recipe]].",
        "data": "samples (n, *shape) with targets (n, ...) that steps train on: arrays, pairs, "
        "tf.data or a path; missing validation and test splits are drawn by `seed`.",
        "unlabelled": "further samples (m, *shape) without targets, on which `Distill` learns what "
        "the teacher answers: an array, or the path of a .npy or .npz file or a folder of images.",
        "teacher": "who teaches; the model itself if None.",
        "task": "a kind, or a `Task` with its metric; classification if None.",
        "force": "go on, with a warning, when the teacher is no better than a constant answer.",
        "training": "how models are trained, a `TrainingOptions` (augmentation and more).",
        "config": "a project file, for [task] and [data].",
    }
)
def compress(
    model: Any,
    recipe: Any,
    data: Any,
    *,
    unlabelled: Any = None,
    teacher: Any = None,
    task: Task | str | None = None,
    scale: float | None = None,
    offset: float | None = None,
    trust: bool = False,
    custom: str | Sequence[str] = (),
    force: bool = False,
    training: TrainingOptions | None = None,
    config: PathOrText | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Candidate:
    """Carry out a recipe on a Keras model, which stays as it is.

    A step that saves nothing is left out, and its report says why. Returns a `Candidate`. Raises
    ConfigError for wrong settings, UsageError, DataError, ModelError.
    """
    steps = techniques_of(recipe)
    setting = arguments.setting(
        config=config, task=task, scale=scale, offset=offset, progress=progress
    )
    seed = arguments.integer(seed, "seed", low=0, high=SEEDS)
    if data is None and setting.data is None:
        raise UsageError("Recipes need data to train with.", "Give it: compress(model, …, data).")
    names = arguments.names(custom, "custom")
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        found = _loaded(model, teacher, Path(scratch), names, trust=arguments.flag(trust, "trust"))
        source = datasets.optional(data, scratch) or str(setting.data)
        further = datasets.optional(unlabelled, scratch, "unlabelled")
        loaded = data_of(source, seed, setting, found.model, further)
        options = arguments.training(training, setting).of_model(found.source)
        require_fit(options, loaded, setting.task)
    return _carried_out(found, loaded, steps, recipe, setting, seed, options, force=force)


def _loaded(
    model: Any, teacher: Any, folder: Path, custom: tuple[str, ...], *, trust: bool
) -> _Models:
    from edgehone.graph import loading

    def loaded(given: Any, what: str) -> tuple[Any, str]:
        found = models.given(given, folder / what, what)
        own = (*found.custom, *custom)
        read = loading.load(found.source, trust=trust or found.in_memory, custom=own)
        require_single(read, found.source)
        return read, found.source

    start, source = loaded(model, "model")
    if teacher is None:
        return _Models(start, start, source)
    other, _ = loaded(teacher, "teacher")
    require_alike(start, other, "model")
    return _Models(start, other, source)


def _carried_out(
    found: _Models,
    data: Any,
    steps: Sequence[tuple[Step, Technique]],
    given: Any,
    setting: Setting,
    seed: int,
    options: TrainingOptions,
    *,
    force: bool,
) -> Candidate:
    from edgehone.compress.recipe import carried_out

    teaching = teacher_finding(setting, data, found.teacher)
    teaching.require(force=arguments.flag(force, "force"))
    if teaching.warning:
        setting.progress(Event(WARNING, teaching.warning))
    context = TrainingContext(
        found.teacher, data, setting.task, seed, setting.progress, options=options
    )
    recipe = Recipe(
        tuple(step for step, _ in steps),
        given.precision if isinstance(given, Recipe) else Recipe().precision,
    )
    model, reports = carried_out(found.model, steps, context)
    return Candidate(model, reports, recipe, (teaching.warning,) if teaching.warning else ())
