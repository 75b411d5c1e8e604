"""The sections of `edgehone.toml`: every key, its default, its bounds and what it means."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from edgehone import formats
from edgehone.config.quantities import WrongValueError, limit_of, nearest
from edgehone.config.texts import usable
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import Objective
from edgehone.precisions import names as precision_names
from edgehone.system import bounds
from edgehone.system.user_code import is_reference
from edgehone.targets import Blocks, BlockSeconds, Inferences, Threads, WarmupSeconds
from edgehone.tasks.kinds import known
from edgehone.tasks.metrics import direction_of, metric_names
from edgehone.values import Budget, Task

Positive = Annotated[float, Field(gt=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=bounds.WEIGHT, allow_inf_nan=False)]
Minutes = Annotated[float, Field(gt=0, le=bounds.MINUTES, allow_inf_nan=False)]
Samples = Annotated[int, Field(ge=1, le=bounds.SAMPLES)]
Candidates = Annotated[int, Field(ge=1, le=bounds.CANDIDATES)]
Epochs = Annotated[int, Field(ge=1, le=bounds.EPOCHS)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Text = Annotated[str, Field(min_length=1, max_length=bounds.PATH_CHARACTERS), usable]
Name = Annotated[str, Field(max_length=bounds.NAME_CHARACTERS), usable]

MAXIMIZED = ("accuracy", "agreement")
"""Metrics of which more is better; an objective minimizes all others."""


class Section(BaseModel):
    """A table whose keys are all known and whose values are of exactly the right type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ModelSection(Section):
    """What is compressed."""

    teacher: Text = Field(
        description='The trained model: a .keras or .h5 file, or "python:module:function".'
    )
    student: Text = Field(
        default="same",
        description='What is made small: "same" (the teacher itself), "auto" (the teacher with '
        'fewer channels and blocks, see [student]), a file, or "python:module:function".',
    )
    trust: bool = Field(
        default=False,
        description="Whether code inside model files (Lambda layers) may run.",
    )
    custom: Annotated[tuple[Text, ...], Field(max_length=bounds.LISTED)] = Field(
        default=(),
        description='Where layers of your own come from: "python:module", a module that registers '
        'them, or "python:module:Class".',
    )


class StudentSection(Section):
    """The student that `student = "auto"` makes of the teacher."""

    width: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="Its channels as a fraction of the teacher's."
    )
    depth: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="Its blocks (residual ones, or equal layers in a row) as a fraction of the "
        "teacher's; the first block of every stage stays.",
    )
    search: bool = Field(
        default=False,
        description="Whether to look for a width and depth: students of several sizes are "
        "trained shortly, the worse half leaves, the rest is trained twice as long, until three "
        "are left; those are measured, and the best by objective and budgets is taken.",
    )
    candidates: Candidates = Field(default=6, description="Most students that a search trains.")
    epochs: Epochs = Field(
        default=1, description="Passes over the training data in the first turn of a search."
    )


class DataSection(Section):
    """What the model is trained, calibrated and judged on."""

    source: Text = Field(
        description="An .npz file (x_train, y_train, x_val, y_val, x_test, y_test, or just x, y), "
        'a folder of class folders of images, "python:module:function", or "digits" (bundled).'
    )
    calibration: Samples = Field(
        default=200, description="Training samples that quantization ranges are taken from."
    )
    seed: Seed = Field(default=0, description="Draws the splits that the data lacks.")
    scale: Finite = Field(
        default=1.0, description="The model sees x * scale + offset; for bytes often 1/255."
    )
    offset: Finite = Field(default=0.0, description="See scale.")
    limit: Samples | None = Field(
        default=None, description="Most samples of each split that are used; all when left out."
    )


def _metrics_by_kind() -> str:
    """Each kind of task with its metrics."""
    return "; ".join(f"{kind}: {', '.join(metric_names(kind))}" for kind in known())


class TaskSection(Section):
    """What the model does, and how well is measured."""

    kind: Text = Field(
        default=Task().kind,
        description=f'{", ".join(known())}, or a kind of your own, "python:module:Class".',
    )
    metric: Text = Field(
        default=Task().metric,
        description="What counts as good, the first being the kind's default: "
        f'{_metrics_by_kind()}; or "python:module:function", called with (targets, outputs).',
    )

    @model_validator(mode="before")
    @classmethod
    def _metric_of_kind(cls, data: Any) -> Any:
        kind = data.get("kind", Task().kind) if isinstance(data, dict) else None
        if isinstance(kind, str) and (kind in known() or is_reference(kind)):
            return {"metric": metric_names(kind)[0], **data}
        return data

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in known() and not is_reference(kind):
            raise WrongValueError(f"kind {kind!r} is unknown", nearest(kind, known()))
        return kind

    @model_validator(mode="after")
    def _known_metric(self) -> "TaskSection":
        metrics = metric_names(self.kind)
        if not is_reference(self.metric) and self.metric not in metrics:
            raise ValueError(
                f"metric {self.metric!r} does not belong to {self.kind}; "
                f'known: {", ".join(metrics)}, or "python:module:function"'
            )
        return self

    @property
    def value(self) -> Task:
        """The task these keys describe."""
        return Task(self.kind, self.metric)


class ObjectiveSection(Section):
    """What the winner has least (or most) of, among all that keep the budgets."""

    minimize: Text | None = Field(
        default=None,
        description="latency_p50_ms (the default), size_bytes, peak_memory_bytes, instructions, …",
    )
    maximize: Text | None = Field(default=None, description="accuracy or agreement, instead.")

    @model_validator(mode="after")
    def _one_known_metric(self) -> "ObjectiveSection":
        if self.minimize and self.maximize:
            raise ValueError("minimize and maximize cannot both be given")
        minimized = [name for name in METRICS if name not in MAXIMIZED]
        if self.minimize and self.minimize not in minimized:
            raise WrongValueError(
                f"{self.minimize!r} is nothing to minimize", nearest(self.minimize, minimized)
            )
        if self.maximize and self.maximize not in MAXIMIZED:
            raise WrongValueError(
                f"{self.maximize!r} is nothing to maximize", nearest(self.maximize, MAXIMIZED)
            )
        return self

    @property
    def value(self) -> Objective:
        """The objective these keys describe."""
        if self.maximize:
            return Objective(self.maximize, minimize=False)
        return Objective(self.minimize or "latency_p50_ms")


class BudgetTable(Section):
    """A wish; the winner keeps all of them, and the release gate checks them."""

    metric: Name = Field(description=f"One of {', '.join(METRICS)}.")
    max: Finite | None = Field(
        default=None,
        description="The limit: a number in the unit that the metric is named after (bytes, ms; "
        'fractions such as 0.01), or with a unit: "200 KiB", "1.5 MB", "30 ms", "1 %", "1 point".',
    )
    min: Finite | None = Field(default=None, description="The least, instead of max.")
    device: Name = Field(default="", description="The device it is about; every one when left out.")

    _written: str = PrivateAttr(default="")

    @model_validator(mode="wrap")
    @classmethod
    def _remember_the_unit(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep the limit as it was written with its unit, which the task may not have."""
        found = handler(data)
        texts = [data.get(key) for key in ("max", "min")] if isinstance(data, dict) else []
        found._written = next((text for text in texts if isinstance(text, str)), "")
        return found

    def __eq__(self, other: object) -> bool:
        """The same wish, however its limit was written."""
        return isinstance(other, BudgetTable) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.metric, self.max, self.min, self.device))

    @model_validator(mode="after")
    def _some_device(self) -> "BudgetTable":
        if self.device and not (self.device.strip() and self.device.isprintable()):
            raise WrongValueError(
                f"no device can be called {self.device!r}",
                "Name one that `edgehone devices` lists, or leave the key out for every device.",
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _known_metric_and_one_limit_with_its_unit(cls, data: Any) -> Any:
        """What is wrong with a wish as a whole is told before what is wrong with a value."""
        if not isinstance(data, dict) or not isinstance(data.get("metric"), str):
            return data
        name = data["metric"]
        if name not in METRICS:
            raise WrongValueError(f"metric {name!r} is unknown", _meant(name))
        limits = {key: data[key] for key in ("max", "min") if data.get(key) is not None}
        if len(limits) == 2:
            raise WrongValueError(
                f"max and min are both given; the budget on {name} needs either a max or a min",
                "Keep one of them; for both limits write two [[budget]] tables.",
            )
        unit = METRICS[name].unit
        texts = {key: limit for key, limit in limits.items() if isinstance(limit, str)}
        return {**data, **{key: limit_of(text, unit) for key, text in texts.items()}}

    @model_validator(mode="after")
    def _some_limit(self) -> "BudgetTable":
        if self.max is None and self.min is None:
            raise WrongValueError(
                f"the budget on {self.metric} needs either a max or a min",
                'Add one, such as metric = "size_bytes", max = "200 KiB".',
            )
        return self

    @property
    def value(self) -> Budget:
        """The budget these keys describe."""
        if self.max is not None:
            return Budget(self.metric, "max", self.max, self.device, self._written)
        return Budget(self.metric, "min", self.min or 0.0, self.device, self._written)


def _meant(name: str) -> str:
    """What to write instead of an unknown budget metric, which may be one of a task."""
    rising = direction_of(name)
    if rising is None and not is_reference(name):
        return nearest(name, list(METRICS))
    own = "the side that is worse" if rising is None else "min" if rising else "max"
    return (
        f'A budget on the task\'s metric is called accuracy: metric = "accuracy" with '
        f'{"a " if rising is not None else "a limit on "}{own}; and metric = "{name}" stands '
        "under [task]."
    )


class DistillSection(Section):
    """How students and compressed candidates are trained with the teacher."""

    epochs: Epochs = Field(default=8, description="Passes over the training data per candidate.")
    batch_size: Annotated[int, Field(ge=1, le=bounds.BATCH)] = Field(
        default=64, description="Samples per step."
    )
    learning_rate: Positive = Field(default=1e-3, description="At the start; falls as a cosine.")
    temperature: Positive = Field(default=4.0, description="Softens the teacher's labels.")
    soft: Weight = Field(default=0.7, description="Weight of the teacher's labels.")
    hard: Weight = Field(default=0.3, description="Weight of the true labels.")
    features: Weight = Field(default=0.0, description="Weight of matching intermediate layers.")
    attention: Weight = Field(
        default=0.0, description="Weight of matching where intermediate layers look; often 1 to 10."
    )
    hints: Literal["resolution", "depth"] = Field(
        default="resolution",
        description="Which layers are matched: the last of every resolution both models have, or "
        "those at 1/4, 1/2 and 3/4 of the depth.",
    )
    quantize_aware_epochs: Annotated[int, Field(ge=0, le=bounds.EPOCHS)] = Field(
        default=0,
        description="Further passes over the data with the rounding of the integer file, for "
        "candidates with integer layers.",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> "DistillSection":
        if self.soft + self.hard + self.features + self.attention == 0:
            raise ValueError(
                "soft, hard, features and attention are all 0, so nothing would be learned"
            )
        return self


class SearchSection(Section):
    """How candidates are found."""

    strategy: Literal["allocate"] = Field(
        default="allocate",
        description="allocate: an integer program over measured costs and sensitivities.",
    )
    rounds: Annotated[int, Field(ge=0, le=bounds.CANDIDATES)] = Field(
        default=6, description="Most candidates that are built and measured."
    )
    minutes: Minutes = Field(default=30.0, description="No round starts after this long.")
    seed: Seed = Field(default=0, description="Seeds training and everything drawn at random.")
    precisions: tuple[Literal[precision_names()], ...] = Field(  # type: ignore[valid-type]  # one list
        default=(), description="Precisions to choose from; empty: what suits the device's target."
    )
    techniques: tuple[Literal["prune_channels", "factorize"], ...] = Field(
        default=("prune_channels", "factorize"),
        description="Techniques to choose from, beside precisions.",
    )


class MeasureSection(Section):
    """How devices are measured; what is left out is the target's own."""

    blocks: Blocks | None = Field(default=None, description="Fresh processes per artifact.")
    warmup_s: WarmupSeconds | None = Field(
        default=None, description="Seconds of inference before a block counts."
    )
    minimum_s: BlockSeconds | None = Field(default=None, description="Least seconds a block lasts.")
    minimum_count: Inferences | None = Field(
        default=None, description="Least inferences of a block."
    )
    threads: Threads | None = Field(default=None, description="Threads the runtime may use.")


def _known_format(name: str) -> str:
    if name not in formats.names() and not is_reference(name):
        raise WrongValueError(f"unknown format {name!r}", nearest(name, formats.names()))
    return name


Format = Annotated[str, AfterValidator(_known_format)]
"""The name of a format, or "python:module:Class" of one of your own."""


class ExportSection(Section):
    """Which files are made."""

    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = Field(
        default=("tflite", "onnx"),
        description="Candidates are measured in the first; baselines in all.",
    )


class ReportSection(Section):
    """What the page about a run shows."""

    sections: Annotated[tuple[Text, ...], Field(max_length=bounds.LISTED)] = Field(
        default=(),
        description='Sections of your own beside those it always has, as "python:module:Class": '
        "classes derived from edgehone.report.sections._base.Section.",
    )

    @model_validator(mode="after")
    def _own_classes(self) -> "ReportSection":
        for name in self.sections:
            if not is_reference(name):
                raise WrongValueError(
                    f"{name!r} names no class of yours",
                    'Write it as "python:module:Class"; the page\'s own sections are always there.',
                )
        return self


class DevicePlace(Section):
    """A device of yours by name; the user's own configuration may hold the same tables."""

    target: Name = Field(
        min_length=1, description="The kind of device; `edgehone targets` lists them."
    )
    address: Text = Field(description='Where it is: "local", "ssh://pi@board", "adb://SERIAL".')
