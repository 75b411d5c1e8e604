"""`run`: the loop on a teacher and data, or on a project file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions.api import arguments, datasets, models, named, techniques
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.budgets import tables_of
from edgehone.actions.api.explained import explained
from edgehone.actions.api.references import metric_name
from edgehone.actions.api.results import Run
from edgehone.actions.run import performing
from edgehone.config import Config, load, user_devices
from edgehone.config.loading import checked
from edgehone.config.where import ARGUMENTS
from edgehone.decide.limits import require_limits
from edgehone.errors import UsageError
from edgehone.run.preflight import WORDS
from edgehone.system import interface
from edgehone.system.files import sha256_of, write_whole
from edgehone.system.interface import Interface
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Progress, silent

_PLACES = {"formats": "export", "sections": "report", "final_epochs": "distill"}

INPUTS = "inputs"
"""The folder beside runs that objects are kept in, by their content, so that a run can go on."""


_BESIDE = (
    *("on", "folder", "fresh", "force", "progress"),
    *("rounds", "minutes", "final_epochs", "seed", "strategy", "formats", "sections"),
)
_OF_PROJECT = Interface("python", frozenset(_BESIDE))
"""What arguments say beside a project file, which says everything else."""


@dataclass(frozen=True)
class _Samples:
    data: Any
    unlabelled: Any
    scale: float | None
    offset: float | None


@dataclass(frozen=True)
class _Goal:
    budgets: Any
    objective: dict[str, str]
    task: Any
    metric: Any


@dataclass(frozen=True)
class _Extras:
    recipes: Mapping[str, Any]
    trust: bool
    custom: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class _Request:
    """What a run is asked, beside how it is done."""

    teacher: Any
    student: Any
    samples: _Samples
    goal: _Goal
    extras: _Extras


@dataclass(frozen=True)
class _How:
    """Where and how it is done, as it was given."""

    folder: Any
    on: Any
    fresh: Any
    force: Any


@public
@explained(
    {
        "teacher": "a trained Keras model or a path; or a project file (.toml), which then says "
        "everything but `on`, `folder`, `fresh`, `force`, `rounds`, `minutes`, `final_epochs`, "
        "`seed`, `strategy`, `formats` and `sections`.",
        "data": "samples (n, *shape) with targets (n, ...): arrays, pairs, tf.data or a path; "
        "splits that it lacks are drawn.",
        "unlabelled": "further samples (m, *shape) without targets, on which students learn what "
        "the teacher answers: an array, or the path of a .npy or .npz file or a folder of images.",
        "student": 'what is made small: "same" (the teacher itself), "auto" (a narrower copy), a '
        "model.",
        "budgets": "`Budget`s, at least one; the winner keeps all.",
        "minimize": '"latency_p50_ms" (the default), "size_bytes", "peak_memory_bytes", '
        '"instructions", …',
        "maximize": 'instead of minimize: "accuracy", "agreement".',
        "on": 'devices by name; candidates are searched for on the first ("local").',
        "task": "a kind, a `Task`, or a class or object of your own, derived from `TaskKind`. "
        "Classes of your own, here and below, stand at the top level of a module; an object's "
        "settings are the fields of a dataclass.",
        "metric": "one of the task's metrics, or a function of targets and outputs, or a class or "
        "object with __call__, at the top level of a module.",
        "recipes": "name -> techniques, built and measured before the search.",
        "strategy": "how candidates are found: a name, or a class or object of your own, derived "
        "from `Strategy`.",
        "formats": "the files that are made, measured in the first: names, or classes or objects "
        "of your own, derived from `Format`; one or several.",
        "sections": "further ones of the report: classes or objects of your own, derived from "
        "`Section`; one or several.",
        "rounds": "most candidates that are built.",
        "minutes": "no round starts after so long.",
        "final_epochs": "most further epochs for the best candidates once the search has ended, "
        "also with the rounding of integer layers; what measures better is kept (0: none).",
        "seed": "of training and of everything drawn at random.",
        "settings": 'further tables of a project file, {"distill": {"epochs": 4}}; `edgehone init` '
        "writes one that explains every key.",
        "folder": "where runs are kept, with copies of teacher and data in `inputs`; equal work is "
        "looked up there, and not done again.",
        "fresh": "measure again what earlier runs measured.",
        "force": "go on, with a warning, with a teacher that is no better than a constant answer.",
    }
)
def run(
    teacher: Any,
    data: Any = None,
    *,
    unlabelled: Any = None,
    student: Any = None,
    budgets: Any = None,
    minimize: Any = None,
    maximize: Any = None,
    on: str | Sequence[str] | None = None,
    task: Any = None,
    metric: Any = None,
    recipes: Mapping[str, Any] | None = None,
    strategy: Any = None,
    formats: Any = None,
    sections: Any = None,
    scale: float | None = None,
    offset: float | None = None,
    rounds: int | None = None,
    minutes: float | None = None,
    final_epochs: int | None = None,
    seed: int | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    trust: bool = False,
    custom: str | Sequence[str] = (),
    folder: PathOrText = RUNS_FOLDER,
    fresh: bool = False,
    force: bool = False,
    progress: Progress = silent,
) -> Run:
    """Compress, export, measure, decide: find the best model that keeps the budgets on a device.

    Returns a `Run`: winner, candidates, decision, save(folder), report(path). Budgets that nothing
    keeps are a result, not an error. Raises UsageError, ConfigError, DataError, ModelError,
    DeviceError, StorageError.
    """
    goal = _Goal(budgets, _objective(minimize, maximize), task, metric)
    search = {"rounds": rounds, "minutes": minutes, "seed": seed, **_named("strategy", strategy)}
    others = {**_named("formats", formats), **_named("sections", sections)}
    others |= {} if final_epochs is None else {"final_epochs": final_epochs}
    extras = _extras(recipes, trust, custom, _merged(settings, search, others))
    asked = _Request(teacher, student, _Samples(data, unlabelled, scale, offset), goal, extras)
    return _performed(asked, _How(folder, on, fresh, force), progress)


def _extras(
    recipes: Any, trust: Any, custom: Any, settings: Mapping[str, Mapping[str, Any]]
) -> _Extras:
    return _Extras(
        _recipes(recipes),
        arguments.flag(trust, "trust"),
        arguments.names(custom, "custom"),
        settings,
    )


def _performed(asked: _Request, how: _How, progress: Progress) -> Run:
    place = arguments.path(how.folder, "folder").resolve()
    request = performing.Request(
        _config(asked, place / INPUTS),
        place,
        arguments.names(how.on, "on"),
        fresh=arguments.flag(how.fresh, "fresh"),
        force=arguments.flag(how.force, "force"),
    )
    named_by = _OF_PROJECT if _is_project(asked.teacher) else interface.current()
    with interface.used(named_by):
        return Run(performing.perform(request, progress), place)


def _is_project(teacher: Any) -> bool:
    return arguments.is_path(teacher) and fspath(teacher).endswith(".toml")


def _objective(minimize: Any, maximize: Any) -> dict[str, str]:
    if minimize is not None and maximize is not None:
        raise UsageError("minimize and maximize are both given.", "Keep one of them.")
    given = {"minimize": minimize, "maximize": maximize}
    return {
        key: named.one(value, named.METRIC) for key, value in given.items() if value is not None
    }


def _named(what: str, given: Any) -> dict[str, Any]:
    """An argument that classes and objects may be given for, by their names; nothing for None."""
    if given is None:
        return {}
    if what == "strategy":
        return {what: named.one(given, named.STRATEGY)}
    return {what: named.several(given, named.FORMAT if what == "formats" else named.SECTION)}


def _merged(
    settings: Any, search: Mapping[str, Any], others: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """The further tables, with what arguments say of [search], [export] and [report] in them."""
    tables = {} if settings is None else settings
    if not (isinstance(tables, Mapping) and all(isinstance(x, Mapping) for x in tables.values())):
        raise UsageError(
            "settings are not tables of a project file.",
            'Write settings={"distill": {"epochs": 4}}.',
        )
    given = {key: value for key, value in search.items() if value is not None}
    found = named.tables(tables)
    places = {"search": given}
    places |= {_PLACES[key]: {key: value} for key, value in others.items()}
    for table, keys in places.items():
        if keys:
            found[table] = {**found.get(table, {}), **keys}
    return found


def _recipes(given: Any) -> Mapping[str, Any]:
    found = {} if given is None else given
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise UsageError(
            "recipes are not recipes by name.",
            'Write recipes={"half": [edgehone.PruneChannels(ratio=0.5)]}.',
        )
    return found


def _config(asked: _Request, inputs: Path) -> Config:
    if _is_project(asked.teacher):
        return _project(asked)
    if asked.samples.data is None:
        raise UsageError("There are no data to train on.", "Give them: run(teacher, data, …).")
    found = checked(Config, _tables(asked, inputs), ARGUMENTS)
    require_limits(found.budgets, found.task.metric)
    return found.model_copy(update={"devices": {**user_devices(), **found.devices}})


def _project(asked: _Request) -> Config:
    """A project file, with what arguments say of its [search]."""
    extra = {"data": asked.samples.data, "student": asked.student, "budgets": asked.goal.budgets}
    extra |= {"task": asked.goal.task, "metric": asked.goal.metric, "scale": asked.samples.scale}
    extra |= {"unlabelled": asked.samples.unlabelled}
    extra |= {"offset": asked.samples.offset, "recipes": asked.extras.recipes or None}
    extra |= asked.goal.objective
    given = [name for name, value in extra.items() if value is not None]
    changed = {name: table for name, table in asked.extras.settings.items() if _beside(name, table)}
    given += [name for name in asked.extras.settings if name not in changed]
    if given:
        raise UsageError(
            f"{given[0]} is given beside a project file, which says what it is.",
            "Leave it out, or give the teacher itself instead of the project file.",
        )
    with interface.used(_OF_PROJECT):
        config = load(Path(fspath(asked.teacher)))
    tables = {}
    for name, said in changed.items():
        table = getattr(config, name)
        tables[name] = checked(type(table), {**table.model_dump(), **said}, ARGUMENTS, name)
    return config.model_copy(update=tables)


def _beside(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a table of settings may be given beside a project file."""
    if name == "distill":  # what an argument says of it, and no more
        return set(table) == {"final_epochs"}
    return name in ("search", "export", "report")


def _tables(asked: _Request, inputs: Path) -> dict[str, Any]:
    """The project file that the arguments come to."""
    teacher, place = _kept(asked.teacher, inputs, "teacher")
    student, student_place = _student(asked.student, inputs)
    given = {
        "model": {
            "teacher": place,
            "student": student_place,
            "trust": asked.extras.trust or (teacher.in_memory and student.in_memory),
            "custom": [*dict.fromkeys((*teacher.custom, *student.custom, *asked.extras.custom))],
        },
        "data": {
            "source": _absolute(datasets.source_of(asked.samples.data, inputs)),
            **_unlabelled(asked.samples.unlabelled, inputs),
            **arguments.scaling_table(asked.samples.scale, asked.samples.offset),
        },
        "task": _task(asked.goal.task, asked.goal.metric),
        "objective": asked.goal.objective,
        "budget": tables_of(() if asked.goal.budgets is None else asked.goal.budgets),
        "recipe": [techniques.table_of(name, each) for name, each in asked.extras.recipes.items()],
    }
    return {
        **given,
        **{name: _both(given, name, table) for name, table in asked.extras.settings.items()},
    }


def _unlabelled(given: Any, inputs: Path) -> dict[str, str]:
    if given is None:
        return {}
    return {"unlabelled": _absolute(datasets.source_of(given, inputs, "unlabelled"))}


def _both(given: Mapping[str, Any], name: str, table: Mapping[str, Any]) -> Any:
    """A table of the settings beside what arguments say of it."""
    settings = given.get(name, {})
    twice = sorted(set(settings) & set(table)) if isinstance(settings, Mapping) else [name]
    if twice:
        raise UsageError(
            f"settings has {twice[0]!r} of [{name}], which an argument says already.",
            "Say it once.",
        )
    return {**settings, **table}


def _student(given: Any, inputs: Path) -> tuple[models.Given, str]:
    """The student, and how a project file names it."""
    if given is None or (isinstance(given, str) and given in WORDS):
        word = given or WORDS[0]
        return models.Given(word, in_memory=True), word
    return _kept(given, inputs, "student")


def _kept(given: Any, inputs: Path, what: str) -> tuple[models.Given, str]:
    """A model, and where its file is: for an object below `inputs`, called after its content."""
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        found = models.given(given, Path(scratch), what)
        if not found.in_memory:
            return found, _absolute(found.source)
        file = Path(found.source)
        kept = inputs / f"{file.stem}-{sha256_of(file)[:16]}{file.suffix}"
        if not kept.exists():
            write_whole(kept, file.read_bytes())
        return found, str(kept)


def _task(task: Any, metric: Any) -> dict[str, Any]:
    found = {} if task is None else arguments.task_table(task)
    if metric is None:
        return found
    return {**found, "metric": metric_name(metric)}


def _absolute(source: str) -> str:
    """A path that means the same wherever the run goes on; references stay as they are."""
    known = source in ("digits",) or source.startswith("python:")
    return source if known else str(Path(source).expanduser().resolve())
