"""The loop: baselines, student, tables, rounds of propose-build-measure, and the decision."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgehone import variants
from edgehone.config import Config, restored
from edgehone.decide.decision import applying
from edgehone.decide.sample_sizes import foreseen
from edgehone.errors import (
    ConfigError,
    ConversionError,
    EdgehoneError,
    ExecutionError,
    ModelError,
    StorageError,
)
from edgehone.export.conversion import Converter
from edgehone.formats._base import Format
from edgehone.graph.supported import require_formats, require_single
from edgehone.measure.device import Device, resolve
from edgehone.measure.protocol import failed
from edgehone.run import preflight
from edgehone.run.batches import entries_of, measure_batch, measure_candidates
from edgehone.run.cost_tables import tables_of
from edgehone.run.document import Course, Round, baseline_needs, document, keep_unproven, winner_of
from edgehone.run.stages import Built, Refused, TeacherOutputs, Workplace
from edgehone.run.student import Found, student_of
from edgehone.run.teacher_check import Finding, Pupils, examined
from edgehone.run.trials import baseline_trial, in_primary_format, trial_of
from edgehone.run.workspace import Shelf
from edgehone.search.allocate import totals, uniform
from edgehone.search.propose import Proposal, Stop, Tables, Wishes, propose
from edgehone.search.recipes import layer_rows, recipe_of
from edgehone.store import NAME, Store
from edgehone.values import (
    WARNING,
    Artifact,
    BitPlan,
    Event,
    Measurement,
    Model,
    Progress,
    Recipe,
    silent,
)

BASELINES = ("float32", "int8")
"""Precisions the uncompressed teacher is exported in; the first is what speed-ups start from."""


FORCE = "force"
"""What a run's record calls that it goes on with a teacher that guesses."""

BEGUN_IN = "begun_in"
"""What a run's record calls the working folder it was begun in: names of the user's modules and of
a device's script count from there.
"""


@dataclass(frozen=True)
class Begun:
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
) -> dict[str, Any]:
    """Run the whole loop; the run's document, as it is kept in the store.

    on: devices by name; candidates are measured on all of them, and searched for on the first.

    resume: a run to go on with; stages it finished are looked up. fresh: measure anew what earlier
    runs measured. force: go on, with a warning, when the teacher is no better than a constant
    answer. name: what the user calls a new run. Raises the stages' errors; the run is then marked
    failed and can be resumed.
    """
    devices = tuple(resolve(name, config.devices) for name in dict.fromkeys(on or ["local"]))
    preflight.require_budgets(config, [device.name for device in devices])
    preflight.require_answers(config, devices)
    preflight.require_sources(config)
    preflight.require_recipes([table.value for table in config.recipe])
    if resume is None:
        asked = {"on": list(on), FORCE: force, BEGUN_IN: str(Path.cwd()), NAME: name}
        identity = store.create_run({**asked, **config.model_dump(mode="json")})
    else:
        record = store.run(resume)
        identity, force = record.id, force or bool(record.config.get(FORCE))
    folder = store.folder.resolve() / identity
    shelf = Shelf(store, folder, config.model.trust, progress, config.model.custom)
    shelf.require_free()
    store.finish_run(identity, "running")
    try:
        found = _run(config, shelf, devices, identity if fresh else "", force=force)
    except BaseException as error:
        with suppress(StorageError):  # on a full disk the first error is the one to tell
            store.finish_run(identity, "failed", reason=_told(error))
        raise
    store.finish_run(identity, "done", found)
    return found


def begun(store: Store, run: str) -> Begun:
    """What a run was begun with, which `resume` goes on with."""
    record = store.run(run)
    kept = dict(record.config)
    on = kept.pop("on", [])
    if not isinstance(on, list) or not all(isinstance(name, str) for name in on):
        message = f"The devices of run {record.id} are not as they were kept."
        raise StorageError(message, "The store is damaged; begin another run.")
    for key in (FORCE, NAME):
        kept.pop(key, None)
    folder = kept.pop(BEGUN_IN, None)
    config = restored(kept, f"run {record.id}")
    return Begun(record.id, config, tuple(on), Path(folder) if isinstance(folder, str) else None)


def _told(error: BaseException) -> str:
    """Why a run ended, for its record."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return error.message if isinstance(error, EdgehoneError) else repr(error)


def _run(
    config: Config, shelf: Shelf, devices: tuple[Device, ...], fresh: str, *, force: bool
) -> dict[str, Any]:
    started, identity = time.monotonic(), shelf.folder.name
    formats: dict[str, Format] = {
        name: variants.load("edgehone.formats", Format, name)() for name in config.export.formats
    }
    preflight.require_precisions(config, formats[config.export.formats[0]].PRECISIONS)
    sources = (config.model.teacher, config.model.student)
    with (
        shelf.open(),
        Converter(trust=True, sources=sources, custom=config.model.custom) as converter,
    ):
        converter.warm()
        teacher = shelf.imported(
            config.model.teacher, preflight.identity(config.model.teacher, identity)
        )
        require_single(shelf.keras_model(teacher), config.model.teacher)
        require_formats(shelf.keras_model(teacher), config.export.formats[:1])
        _require_student(config, shelf, teacher, identity)
        data = preflight.load_data(config, shelf.keras_model(teacher))
        place = Workplace(config, shelf, data, config.task.value, formats, converter, fresh)
        course = _course(place, devices, teacher, force=force)
        rounds, stopped = _rounds(course, started + 60 * config.search.minutes)
        course = _checked(course, rounds)
        keep_unproven(course, rounds)
    return document(course, identity, rounds, stopped, seconds=time.monotonic() - started)


def _require_student(config: Config, shelf: Shelf, teacher: Model, run: str) -> None:
    """Refuse a student of the user's own that cannot be used, before any work: ModelError."""
    source = config.model.student
    if source in preflight.WORDS:
        return
    student = shelf.keras_model(shelf.imported(source, preflight.identity(source, run)))
    preflight.require_alike(student, shelf.keras_model(teacher), source)
    require_formats(student, config.export.formats[:1])


def _checked(course: Course, rounds: Sequence[Round]) -> Course:
    """The course with a closer look at the winner, where there is one."""
    winner = winner_of(course, rounds)
    if winner is None:
        return course
    found = course.place.generalization(winner.artifact, course.teacher, course.outputs)
    return replace(course, checked=found)


def _course(
    place: Workplace, devices: tuple[Device, ...], teacher: Model, *, force: bool
) -> Course:
    outputs = place.teacher_outputs(teacher)
    teaching = _examined(place, teacher, outputs, force=force)
    built = [
        place.compressed(teacher, Recipe((), BitPlan(precision)), teacher, "export the teacher")
        for precision in BASELINES
    ]
    made = [
        place.exported(each, name, f"teacher-{each.candidate.recipe.bits.default}")
        for name in place.formats
        for each in built
    ]
    _require_float(made[0])
    artifacts = [each for each in made if isinstance(each, Artifact)]
    objective = place.config.objective.value
    mine = tuple(applying(place.config.budgets, devices[0].name))
    wishes = Wishes(objective.metric, objective.minimize, mine)
    found = measure_batch(place, artifacts, devices, outputs)
    _require_runs(found.first[0])
    names = [f"teacher {each.precision}" for each in artifacts]
    baselines = entries_of(place, found, found.first[0], names)
    needs = baseline_needs(mine, baselines, place.config.export.formats[0])
    for each in needs:
        place.shelf.progress(Event(WARNING, foreseen(each)))
    student = _base(place, teacher, devices[0], outputs, wishes)
    refused = tuple(each for each in made if isinstance(each, Refused))
    return Course(
        place,
        devices,
        teacher,
        student.model,
        outputs,
        baselines,
        wishes,
        refused,
        students=student.tried,
        lost=found.lost,
        teaching=teaching,
        needs=needs,
    )


def _examined(place: Workplace, teacher: Model, outputs: TeacherOutputs, *, force: bool) -> Finding:
    """What the teacher is worth beside a constant answer. Raises DataError when it guesses.

    A user's metric that fails does so now, and not after everything has been exported.
    """
    settings = place.config.data
    pupils = Pupils(place.task, place.data.validation, settings.scale, settings.offset)
    found = examined(pupils, place.shelf.keras_model(teacher), outputs.validation)
    found.require(force=force)
    if found.warning:
        place.shelf.progress(Event(WARNING, found.warning))
    return found


def _require_float(baseline: Artifact | Refused) -> None:
    if isinstance(baseline, Refused):
        raise ConversionError(
            f"The teacher cannot be made a {baseline.format} file in float32: {baseline.reason}",
            baseline.hint or "Leave this format out, or replace the layer it cannot hold.",
        )


def _require_runs(measurement: Measurement) -> None:
    if failed(measurement):
        raise ExecutionError(
            f"The float32 baseline does not run: {measurement.reason}",
            "Without a baseline nothing can be compared; try `edgehone bench` on its file.",
        )


def _base(
    place: Workplace, teacher: Model, device: Device, outputs: TeacherOutputs, wishes: Wishes
) -> Found:
    """The model that is compressed: the teacher itself, or a student distilled from it."""
    student = place.config.model.student
    if student == "same":
        return Found(teacher)
    if student == "auto":
        return student_of(place, teacher, device, outputs, wishes)
    identity = preflight.identity(student, place.shelf.folder.name)
    start = place.shelf.imported(student, identity)
    recipe = Recipe((place.distillation,))
    built = place.compressed(start, recipe, teacher, "distill the student")
    return Found(built.candidate.model)


def _rounds(course: Course, deadline: float) -> tuple[list[Round], str]:
    """Propose, build, measure, until nothing improves or the rounds or the time are used up."""
    place = course.place
    total = place.config.search.rounds
    rounds = [_recipes_round(course)] if place.config.recipe else []
    if total == 0 and course.base == course.teacher:
        return rounds, "no rounds were asked for"
    tables = tables_of(place, course.base, course.device, course.outputs, course.primary)
    trials = [
        baseline_trial(entry, tables)
        for entry in course.baselines
        if in_primary_format(course, entry)
    ]
    if course.base != course.teacher:
        rounds.append(_student_round(course, tables))
        trials += [rounds[-1].trial] if rounds[-1].trial else []
    for number in range(1, total + 1):
        if number > 1 and time.monotonic() > deadline:
            return rounds, f"the time limit of {place.config.search.minutes:g} minutes was reached"
        proposal = propose(tables, trials, course.wishes)
        if isinstance(proposal, Stop):
            return rounds, proposal.reason
        rounds.append(_round(course, tables, number, proposal))
        trials += [rounds[-1].trial] if rounds[-1].trial else []
    return rounds, f"all {total} rounds were done"


def _recipes_round(course: Course) -> Round:
    """The user's own recipes, measured in one batch."""
    place = course.place
    names: dict[Path, str] = {}
    artifacts: list[Artifact] = []
    refused: list[Refused] = []
    for table in place.config.recipe:
        try:
            built = place.compressed(course.base, table.value, course.teacher, f"make {table.name}")
        except (ConfigError, ModelError) as error:  # a recipe that does not fit this model
            reason = f"{table.name}: {error.message}"
            refused += [Refused(form, reason, error.hint) for form in place.formats]
            continue
        for form in place.formats:
            made = _exported(place, built, form, table.name)
            if isinstance(made, Refused):
                refused.append(replace(made, reason=f"{table.name}: {made.reason}"))
            else:
                names[made.path] = table.name
                artifacts.append(made)
    if not artifacts:
        return Round(0, 0.0, (), None, tuple(refused))
    start, found = measure_candidates(course, artifacts)
    entries = entries_of(place, found, start, [names[each.path] for each in artifacts])
    return Round(0, 0.0, entries, None, tuple(refused), found.lost)


def _student_round(course: Course, tables: Tables) -> Round:
    """The student as it is, uniformly in the target's first precision, before any search."""
    plan = uniform(tables.space, tables.space.precisions[0])
    sums = totals(tables.space, tables.losses, tables.cost, plan)
    return _build(course, tables, 0, Proposal(plan, sums, 0.0, {}))


def _round(course: Course, tables: Tables, number: int, proposal: Proposal) -> Round:
    total = course.place.config.search.rounds
    told = f"{course.wishes.metric} {proposal.target:.4g}" if proposal.target else "the budgets"
    course.place.shelf.progress(Event("round", f"{number}: asking for {told}", number - 1, total))
    return _build(course, tables, number, proposal)


def _build(course: Course, tables: Tables, number: int, proposal: Proposal) -> Round:
    place = course.place
    name = f"round-{number}" if number else "student"
    aware = place.config.distill.quantize_aware_epochs
    recipe = recipe_of(proposal.plan, tables.space, place.distillation.settings, aware)
    built = place.compressed(course.base, recipe, course.teacher, f"train {name}")
    made = [_exported(place, built, form, name) for form in place.formats]
    artifacts = [each for each in made if isinstance(each, Artifact)]
    refused = tuple(each for each in made if isinstance(each, Refused))
    if not artifacts:
        return Round(number, proposal.target, (), None, refused)
    start, found = measure_candidates(course, artifacts)
    entries = entries_of(
        place,
        found,
        start,
        [name] * len(artifacts),
        number,
        {course.primary: proposal.predicted},
        layer_rows(proposal.plan, tables.space),
    )
    trial = trial_of(course, proposal, entries, start)
    return Round(number, proposal.target, entries, trial, refused, found.lost)


def _exported(place: Workplace, built: Built, form: str, name: str) -> Artifact | Refused:
    bits = built.candidate.recipe.bits
    if bits.default not in place.formats[form].PRECISIONS:
        return Refused(form, f"{form} has no precision {bits.default}")
    return place.exported(built, form, name)
