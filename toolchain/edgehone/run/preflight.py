"""What must be true of a project's models, data and metric before work is spent on them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehone import units
from edgehone.budgets import Budget
from edgehone.compress.training.requirements import require_fit
from edgehone.config import Config, options_of
from edgehone.data import DataSet, load
from edgehone.data.bundled import place_of
from edgehone.decide.budget_metrics import Capabilities, metric_of
from edgehone.decide.decision import applying, meant
from edgehone.decide.limits import require_limits
from edgehone.decide.metrics._base import Need
from edgehone.errors import ConfigError, ModelError
from edgehone.formats._base import Format
from edgehone.graph.supported import require_single
from edgehone.measure.device import Device
from edgehone.measure.exchange import runtime_for
from edgehone.run.borders import with_io
from edgehone.run.context import Origins
from edgehone.search.decisions import PACKAGE as DECISIONS
from edgehone.search.decisions._base import Decision
from edgehone.search.strategies import PACKAGE as STRATEGIES
from edgehone.search.strategies._base import Strategy
from edgehone.system import variants
from edgehone.system.files import reading, sha256_of
from edgehone.system.interface import all_named
from edgehone.system.references import in_main
from edgehone.system.settings import (
    BUDGET,
    DEVICES,
    DROP,
    FORMATS,
    METRIC,
    MINIMIZE,
    PRECISIONS,
    TASK,
)
from edgehone.system.user_code import is_reference
from edgehone.tasks.metrics import metric_for
from edgehone.values import Recipe, Task

Shape = tuple[int | None, ...]

WORDS = ("same", "auto")
"""Students that are made of the teacher."""


def require_sources(config: Config) -> None:
    """Refuse model files that are not there (ModelError) and metrics that cannot be found
    (ConfigError).
    """
    metric_for(config.task.value)
    for source in (config.model.teacher, config.model.student):
        if source not in WORDS and not is_reference(source):
            _require_file(source)


def require_budgets(config: Config, devices: Sequence[str]) -> None:
    """Refuse a run on devices that no budget is about, or with budgets that it cannot answer, as
    they are about other devices, or that nothing could miss: ConfigError.
    """
    if not config.budgets:
        raise ConfigError("There is no budget to decide by.", f"Add a {BUDGET}, such as {DROP}.")
    require_limits(config.budgets, config.task.metric)
    require_directions(config.budgets, config.task.value)
    for device in devices:
        if not applying(config.budgets, device):
            others = ", ".join(sorted({budget.device for budget in config.budgets}))
            raise ConfigError(
                f"No budget is about {device!r}; all are about {others}.",
                f"Run there ({DEVICES}), or leave out the budget's device.",
            )
    for budget in config.budgets:
        if budget.device and budget.device not in devices:
            measured = ", ".join(map(repr, devices))
            raise ConfigError(
                f"The budget on {budget.metric} is about {budget.device!r}, and the run measures "
                f"on {measured}.",
                f"{meant(budget.device, devices)} Add {DEVICES.set(budget.device)}, or keep "
                "that budget in a file of its own, for the gate.",
            )


def require_directions(budgets: Sequence[Budget], task: Task, rising: bool | None = None) -> None:
    """Refuse limits on quality from the side that is better, which the worst file keeps:
    ConfigError.

    rising: whether more of the task's metric is better; None: as the task says.
    """
    for budget in budgets:
        metric = metric_of(budget.metric)
        if not metric.quality:
            continue
        better = rising if metric.RISES is None else metric.RISES
        if better is None:
            better = metric_for(task).higher_is_better
        needed = "min" if better else "max"
        if budget.bound != needed:
            raise _wrong_side(budget, task.metric, needed)


def _wrong_side(budget: Budget, scored: str, needed: str) -> ConfigError:
    named = units.named(budget.metric, scored)
    more = "higher" if needed == "min" else "lower"
    limit = f"{budget.limit:g}"
    hint = f"Write {needed} = {limit}, if that is the worst value that may pass."
    if budget.metric == "accuracy":
        hint += f" This budget is on the task's metric, {scored}; see {all_named((TASK, METRIC))}."
    return ConfigError(
        f"The budget on {named} has {budget.bound} = {limit}, but {more} is better, so "
        f"{'even the worst file' if needed == 'max' else 'only a bad file'} would keep it: "
        f"it needs a {needed}.",
        hint,
    )


def require_answers(config: Config, devices: Sequence[Device]) -> None:
    """Refuse an objective the first device, or budgets their device cannot tell: ConfigError."""
    metric, first = config.objective.value.metric, devices[0]
    if why := metric_of(metric).unavailable(capabilities(first)):
        instead = "instructions" if first.target.instructions else "size_bytes"
        raise ConfigError(
            f"The objective is {metric}, but {first.name!r} {why}.",
            f"Write {MINIMIZE.set(instead)}, or run on another device ({DEVICES}).",
        )
    for device in devices:
        for budget in applying(config.budgets, device.name):
            if why := metric_of(budget.metric).unavailable(capabilities(device)):
                raise ConfigError(
                    f"A budget is about {budget.metric}, but {device.name!r} {why}.",
                    f"Name in `device` of that {BUDGET} the one it is about, or run elsewhere.",
                )


def capabilities(device: Device) -> Capabilities:
    """What a device cannot report, and why."""
    lacks: dict[Need, str] = {"energy": "does not measure energy"}
    if device.info.emulated:
        lacks["latency"] = "is emulated, and its times say nothing about a real device"
        lacks["memory"] = "is emulated, and its memory is the emulator's as well"
    if not device.target.instructions:
        lacks["instructions"] = "does not count instructions; arm-emulated does"
    return Capabilities(lacks)


def require_runtimes(forms: Iterable[Format]) -> None:
    """Refuse formats whose files no device can run: UsageError, ConfigError."""
    for form in forms:
        session = runtime_for(Path(f"model{form.SUFFIX}")).SESSION
        if session is not None and not session.is_file():
            raise ConfigError(
                f"File not found: {session}.",
                f"SESSION of {form.name} names the file of Python that runs its files on devices.",
            )


def require_importable(formats: Sequence[str]) -> None:
    """Refuse formats of the running script or notebook itself: ConfigError. They are imported by
    the process that converts models.
    """
    for name in in_main(list(formats)):
        raise ConfigError(
            f"The format {name} is defined in the script or notebook itself, where the process "
            "that converts models cannot import it.",
            f"Move {name} to a module, a file of its own, and import it from there.",
        )


def unimportable(config: Config) -> str:
    """A warning about classes and functions that no later process finds; "" when there are none."""
    names = ", ".join(in_main(config.model_dump(mode="json")))
    return (
        f"Defined in the script or notebook itself: {names}. `edgehone run --resume`, `report` and "
        "`gate --run` cannot find them in this run; for that, move them to a module, a file of "
        "their own, and import them from there."
        if names
        else ""
    )


def require_precisions(config: Config, known: Sequence[str]) -> None:
    """Refuse precisions to search that the first format, whose are `known`, lacks: ConfigError."""
    form = config.export.formats[0]
    for precision in config.search.precisions:
        if precision not in known:
            raise ConfigError(
                f"{PRECISIONS}: {form} has no {precision}.",
                f"{form}, the first of the formats ({FORMATS}), has {', '.join(known)}.",
            )


def require_search(config: Config) -> None:
    """Refuse a strategy or a technique of the search that is none: UsageError for an unknown name,
    ConfigError for a class of the user's.
    """
    variants.built(STRATEGIES, Strategy, config.search.strategy, {"seed": config.search.seed})
    for name in config.search.techniques:
        variants.load(DECISIONS, Decision, name)


def require_borders(config: Config) -> None:
    """Refuse recipes with another type at the borders than `[export]` has: ConfigError."""
    for table in config.recipe:
        with_io(table.value, config.export.io, f"Recipe {table.name!r}")


def require_recipes(recipes: Sequence[Recipe]) -> None:
    """Refuse recipes with unknown techniques (UsageError) or wrong settings (ConfigError)."""
    from edgehone.compress.recipe import technique_of

    for recipe in recipes:
        for step in recipe.steps:
            technique_of(step)


def _require_file(source: str) -> None:
    path = Path(source)
    with reading(path):
        there = path.is_file() or path.is_dir()
    if not there:
        raise ModelError(
            f"There is no model file {source!r}.",
            'A model is a .keras or .h5 file, or "python:module:function"; a student may also be '
            '"same" or "auto".',
        )


def identity(source: str, run: str) -> Mapping[str, str]:
    """What a model source is looked up by: a file by its content, a function once per run."""
    if is_reference(source):
        return {"function": source, "run": run}
    return {"file": sha256_of(Path(source))}


def origins(config: Config) -> Origins:
    """The hashes of teacher and data as they are now."""
    sources = (config.model.teacher, place_of(config.data.source))
    return Origins(*("" if is_reference(each) else sha256_of(Path(each)) for each in sources))


def require_alike(student: Any, teacher: Any, source: str) -> None:
    """Refuse a student that takes or gives other shapes than the teacher: ModelError."""
    require_single(student, source)
    for what in ("inputs", "outputs"):
        student_shape, teacher_shape = (
            _shape(getattr(model, what)[0]) for model in (student, teacher)
        )
        if student_shape != teacher_shape:
            raise ModelError(
                f"Student {source!r} has {what} of shape {student_shape}, "
                f"the teacher of {teacher_shape}.",
                "Give a student that takes the same samples and gives the same kind of answer.",
            )


def load_data(config: Config, model: Any) -> DataSet:
    """The project's data as the model takes them. Raises DataError when they do not fit it."""
    settings = config.data.settings(task=config.task.value)
    found = load(config.data.source, settings.for_model(model))
    options = options_of(config.data, config.training).of_model(config.model.teacher)
    require_fit(options, found, config.task.value)
    return found


def _shape(tensor: Any) -> Shape:
    """The shape of one sample."""
    return tuple(tensor.shape[1:])
