"""The loop: baselines, student, tables, rounds of propose-build-measure, finalists, decision."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.config import Config, restored
from edgehone.data import DataSet
from edgehone.documents.run.document import RunDocument
from edgehone.errors import EdgehoneError, StorageError
from edgehone.export.conversion import Converter
from edgehone.formats import load as load_format
from edgehone.formats._base import Format
from edgehone.graph.backend import keras
from edgehone.graph.supported import require_formats, require_single
from edgehone.measure.device import Device, resolve
from edgehone.run import building, preflight
from edgehone.run.baselines import begin
from edgehone.run.context import RunContext
from edgehone.run.document import document, keep_unproven, winner_of
from edgehone.run.finalists import with_finalists
from edgehone.run.rounds import rounds_of
from edgehone.run.spent import Spent, TimedCache
from edgehone.run.stages.importing import import_model
from edgehone.run.state import Round, RunState
from edgehone.run.winner_folder import keep_winner
from edgehone.run.workspace import Workspace, opened, require_free
from edgehone.store import NAME, Store
from edgehone.values import WARNING, Event, Model, Progress, silent

FORCE = "force"
"""What a run's record calls that it goes on although the teacher guesses."""

STARTED_IN = "begun_in"
"""What a run's record calls the working folder it was begun in: names of the user's modules and of
a device's script count from there.
"""


@dataclass(frozen=True)
class StartedRun:
    """A run to go on with: its id, its settings, its devices, and the folder it was begun in, if
    that is known.
    """

    run: str
    config: Config
    on: tuple[str, ...]
    folder: Path | None


def run(
    config: Config,
    *,
    store: Store,
    on: Sequence[str] = (),
    resume: str | None = None,
    fresh: bool = False,
    force: bool = False,
    name: str = "",
    progress: Progress = silent,
) -> RunDocument:
    """Run the whole loop; the run's document, which the store keeps as well.

    on: devices by name; candidates are measured on all of them, and searched for on the first.

    resume: a run to go on with; stages it finished are looked up. fresh: measure anew what earlier
    runs measured. force: go on, with a warning, when the teacher is no better than a constant
    answer. name: what the user calls a new run. Raises the stages' errors; the run is then marked
    failed, and can be resumed unless the same would fail again.
    """
    devices = tuple(resolve(name, config.devices) for name in dict.fromkeys(on or ["local"]))
    preflight.require_budgets(config, [device.name for device in devices])
    preflight.require_answers(config, devices)
    preflight.require_search(config)
    preflight.require_importable(config.export.formats)
    preflight.require_runtimes([load_format(name) for name in config.export.formats])
    preflight.require_sources(config)
    preflight.require_recipes([table.value for table in config.recipe])
    preflight.require_borders(config)
    if warning := preflight.unimportable(config):
        progress(Event(WARNING, warning))
    if resume is None:
        asked = {"on": list(on), FORCE: force, STARTED_IN: str(Path.cwd()), NAME: name}
        identity = store.create_run({**asked, **config.model_dump(mode="json")})
    else:
        record = store.run(resume)
        identity, force = record.id, force or bool(record.config.get(FORCE))
    folder = store.folder.resolve() / identity
    workspace = Workspace(store, folder, config.model.trust, progress, config.model.custom)
    require_free(folder)
    store.finish_run(identity, "running")
    try:
        found = _run(config, store, workspace, devices, identity if fresh else "", force=force)
    except BaseException as error:
        with suppress(StorageError):  # on a full disk the first error is the one to report
            goes_on = not (isinstance(error, EdgehoneError) and error.lasting)
            store.finish_run(identity, "failed", reason=_reason(error), resumable=goes_on)
        raise
    store.finish_run(identity, "done", found.to_json())
    return found


def start_of(store: Store, run: str) -> StartedRun:
    """What a run was begun with, which `resume` goes on with."""
    record = store.run(run)
    kept = dict(record.config)
    on = kept.pop("on", [])
    if not isinstance(on, list) or not all(isinstance(name, str) for name in on):
        message = f"The devices of run {record.id} are not as they were kept."
        raise StorageError(message, "The store is damaged; begin another run.")
    for key in (FORCE, NAME):
        kept.pop(key, None)
    folder = kept.pop(STARTED_IN, None)
    config = restored(kept, f"run {record.id}")
    return StartedRun(
        record.id, config, tuple(on), Path(folder) if isinstance(folder, str) else None
    )


def _reason(error: BaseException) -> str:
    """Why a run ended, for its record."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return error.message if isinstance(error, EdgehoneError) else repr(error)


def _run(
    config: Config,
    store: Store,
    workspace: Workspace,
    devices: tuple[Device, ...],
    fresh: str,
    *,
    force: bool,
) -> RunDocument:
    started, identity, spent = time.monotonic(), workspace.folder.name, Spent()
    workspace = replace(workspace, cache=TimedCache(workspace.cache, spent))
    formats: dict[str, Format] = {name: load_format(name) for name in config.export.formats}
    preflight.require_precisions(config, formats[config.export.formats[0]].PRECISIONS)
    sources = (config.model.teacher, config.model.student)
    with (
        opened(workspace.folder),
        Converter(trust=True, sources=sources, custom=config.model.custom) as converter,
    ):
        converter.warm()
        with spent.at("start"):
            teacher, data = _loaded(config, workspace, identity)
        context = RunContext(
            config,
            store,
            workspace,
            data,
            config.task.value,
            formats,
            converter,
            fresh,
            preflight.origins(config),
            spent,
        )
        state = begin(context, devices, teacher, force=force)
        deadline = started + 60 * config.search.minutes
        searched = with_finalists(state, rounds_of(state, deadline), deadline)
        state = _checked(state, searched.rounds)
        keep_unproven(state, searched.rounds)
        seconds = time.monotonic() - started
        found = document(state, identity, searched, seconds=seconds)
        keep_winner(state, searched.rounds, found)
    return found


def _loaded(config: Config, workspace: Workspace, identity: str) -> tuple[Model, DataSet]:
    """The teacher and the data, once they and a student of the user's own have been checked."""
    workspace.progress(Event("start TensorFlow"))
    keras()
    source = config.model.teacher
    teacher = import_model(source, preflight.identity(source, identity), workspace)
    require_single(workspace.keras_model(teacher), source)
    require_formats(workspace.keras_model(teacher), config.export.formats[:1])
    _require_student(config, workspace, teacher, identity)
    return teacher, preflight.load_data(config, workspace.keras_model(teacher))


def _require_student(config: Config, workspace: Workspace, teacher: Model, run: str) -> None:
    """Refuse a student of the user's own that cannot be used, before any work: ModelError."""
    source = config.model.student
    if source in preflight.WORDS:
        return
    imported = import_model(source, preflight.identity(source, run), workspace)
    student = workspace.keras_model(imported)
    preflight.require_alike(student, workspace.keras_model(teacher), source)
    require_formats(student, config.export.formats[:1])


def _checked(state: RunState, rounds: Sequence[Round]) -> RunState:
    """The state with a closer look at the winner, where there is one."""
    winner = winner_of(state, rounds)
    if winner is None:
        return state
    found = building.winner_robustness(state.context, winner.artifact, state.teacher, state.outputs)
    return replace(state, checked=found)
