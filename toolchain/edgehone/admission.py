"""What must be true of a project's models, data and metric before work is spent on them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehone import numbers
from edgehone.config import Config
from edgehone.data import DataSet, load
from edgehone.decide import applying
from edgehone.errors import ConfigError, ModelError
from edgehone.files import reading, sha256_of
from edgehone.graph.supported import require_single
from edgehone.measure.device import Device
from edgehone.metrics import metric_for
from edgehone.readings import METRICS
from edgehone.references import is_reference
from edgehone.values import Budget, Recipe

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


def require_budgets(config: Config, device: str) -> None:
    """Refuse a run that no budget is about: ConfigError."""
    if not config.budgets:
        raise ConfigError("There is no budget to decide by.", "Add at least one [[budget]] table.")
    for budget in config.budgets:
        require_share(budget, config.task.metric)
    if not any(budget.device in ("", device) for budget in config.budgets):
        others = ", ".join(sorted({budget.device for budget in config.budgets}))
        raise ConfigError(
            f"No budget is about {device!r}; all are about {others}.",
            "Run there with --on, or leave out the budget's device.",
        )


def require_share(budget: Budget, metric: str) -> None:
    """Refuse a limit on a fraction that is none, such as 95 for 95 %: ConfigError.

    metric: the task's, which says whether accuracy is a fraction.
    """
    kind = numbers.kind_of(budget.metric, metric)
    most = {"share": 1.0, "difference": math.nextafter(1.0, 0.0)}.get(kind)
    if most is None or abs(budget.limit) <= most:
        return
    usual = budget.limit / 100
    told, meant = (numbers.quantity(budget.metric, limit) for limit in (budget.limit, usual))
    raise ConfigError(
        f"The budget on {budget.metric} lacks its unit: {budget.bound} = {budget.limit:g} "
        f"stands for {told}.",
        f'Write {budget.bound} = {usual:g}, or with the unit: {budget.bound} = "{meant}".',
    )


def require_answers(config: Config, devices: Sequence[Device]) -> None:
    """Refuse an objective the first device, or budgets their device cannot tell: ConfigError."""
    metric, first = config.objective.value.metric, devices[0]
    if why := _untold(metric, first):
        instead = "instructions" if first.target.instructions else "size_bytes"
        raise ConfigError(
            f"The objective is {metric}, but {first.name!r} {why}.",
            f'Write minimize = "{instead}" under [objective], or run on another device with --on.',
        )
    for device in devices:
        for budget in applying(config.budgets, device.name):
            if why := _untold(budget.metric, device):
                raise ConfigError(
                    f"A budget is about {budget.metric}, but {device.name!r} {why}.",
                    "Name in `device` under that [[budget]] the one it is about, or run elsewhere.",
                )


def _untold(metric: str, device: Device) -> str:
    """Why a device cannot tell a metric; "" when it can."""
    if METRICS[metric].timed and device.info.emulated:
        return "is emulated, and its times say nothing about a real device"
    if metric == "peak_memory_bytes" and device.target.emulated:
        return "is emulated, and its memory is the emulator's as well"
    if metric == "instructions" and not device.target.instructions:
        return "does not count instructions; arm-emulated does"
    return ""


def require_precisions(config: Config, known: Sequence[str]) -> None:
    """Refuse precisions to search that the first format, whose are `known`, lacks: ConfigError."""
    form = config.export.formats[0]
    for precision in config.search.precisions:
        if precision not in known:
            raise ConfigError(
                f"[search] precisions: {form} has no {precision}.",
                f"{form}, the first of [export] formats, has {', '.join(known)}.",
            )


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


def require_alike(student: Any, teacher: Any, source: str) -> None:
    """Refuse a student that takes or gives other shapes than the teacher: ModelError."""
    require_single(student, source)
    for what in ("inputs", "outputs"):
        mine, theirs = (_shape(getattr(model, what)[0]) for model in (student, teacher))
        if mine != theirs:
            raise ModelError(
                f"Student {source!r} has {what} of shape {mine}, the teacher of {theirs}.",
                "Give a student that takes the same samples and gives the same kind of answer.",
            )


def load_data(config: Config, model: Any) -> DataSet:
    """The project's data as the model takes them. Raises DataError when they do not fit it."""
    settings = config.data
    return load(
        settings.source,
        seed=settings.seed,
        task=config.task.value,
        scale=settings.scale,
        offset=settings.offset,
        limit=settings.limit,
        input_shape=_shape(model.inputs[0]),
        input_dtype=str(model.inputs[0].dtype),
        output_shape=_shape(model.outputs[0]),
    )


def _shape(tensor: Any) -> Shape:
    """The shape of one sample."""
    return tuple(tensor.shape[1:])
