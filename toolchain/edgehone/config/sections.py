"""The sections of `edgehone.toml`: every key, its default, its bounds and what it means."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    field_validator,
    model_validator,
)

from edgehone import formats
from edgehone.config._fields import (
    Candidates,
    Epochs,
    Minutes,
    Name,
    Positive,
    Section,
    Seed,
    Text,
    Weight,
)
from edgehone.config.quantities import WrongValueError, nearest
from edgehone.precisions import names as precision_names
from edgehone.search.decisions import PACKAGE as DECISIONS
from edgehone.search.strategies import PACKAGE as STRATEGIES
from edgehone.system import bounds, variants
from edgehone.system.references import bare
from edgehone.system.user_code import is_reference
from edgehone.targets import Blocks, BlockSeconds, Inferences, Threads, WarmupSeconds
from edgehone.tasks.kinds import known
from edgehone.tasks.metrics import metric_for, metric_names
from edgehone.values import Task


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
        if isinstance(kind, str) and (bare(kind) in known() or is_reference(kind)):
            return {"metric": metric_names(kind)[0], **data}
        return data

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if bare(kind) not in known() and not is_reference(kind):
            raise WrongValueError(f"kind {kind!r} is unknown", nearest(bare(kind), known()))
        return kind

    @model_validator(mode="after")
    def _known_metric(self) -> "TaskSection":
        metrics = metric_names(self.kind)
        if not is_reference(self.metric) and bare(self.metric) not in metrics:
            raise ValueError(
                f"metric {self.metric!r} does not belong to {self.kind}; "
                f'known: {", ".join(metrics)}, or "python:module:function"'
            )
        if not is_reference(self.metric):  # the user's own is read where the data are
            metric_for(self.value)  # whose settings may be wrong
        return self

    @property
    def value(self) -> Task:
        """The task these keys describe."""
        return Task(self.kind, self.metric)


class DistillSection(Section):
    """How students and compressed candidates are trained with the teacher."""

    epochs: Epochs = Field(default=8, description="Passes over the training data per candidate.")
    batch_size: Annotated[int, Field(ge=1, le=bounds.BATCH)] = Field(
        default=64, description="Samples per step."
    )
    learning_rate: Positive | None = Field(
        default=None,
        description="The highest: reached over the first twentieth of the steps, it falls to 0 as "
        "a cosine. Left out, it is what the teacher's training began with, if its file says that "
        "Adam trained it at 0.0001 to 0.01; else 0.001.",
    )
    temperature: Positive = Field(default=4.0, description="Softens the teacher's labels.")
    soft: Weight | None = Field(
        default=None,
        description="Weight of the teacher's labels. Left out, one model is trained with the "
        "teacher and without at the start of a run; all trainings then have 3/7 of hard, or 0 "
        "where the teacher did not help on the validation data.",
    )
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
    final_epochs: Annotated[int, Field(ge=0, le=bounds.EPOCHS)] = Field(
        default=0,
        description="Most further passes over the training data for the best candidates once the "
        "search has ended; training ends before where the validation split gains nothing more. "
        "Those with integer layers are also trained with their rounding. What measures better is "
        "kept. 0: candidates stay as the search left them.",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> "DistillSection":
        weights = (self.soft, self.hard, self.features, self.attention)
        if self.soft is not None and not any(weights):
            raise ValueError(
                "soft, hard, features and attention are all 0, so nothing would be learned"
            )
        return self


class SearchSection(Section):
    """How candidates are found."""

    strategy: Text = Field(
        default="allocate",
        description="How the next candidate is found: allocate (an integer program over measured "
        "costs and sensitivities, with equally narrow widths beside it), uniform (the same share "
        "of every layer), netadapt (the layer that loses least, step by step), optuna (a "
        "multi-objective estimator; a package of its own), random (drawn from the seed, as a "
        'control), or "python:module:Class" of your own.',
    )
    rounds: Annotated[int, Field(ge=0, le=bounds.CANDIDATES)] = Field(
        default=6,
        description="Most candidates that are built and measured; a round of the search has one or "
        "two (allocate: equally narrow widths beside its own).",
    )
    minutes: Minutes = Field(default=30.0, description="No round starts after this long.")
    finalists: Candidates = Field(
        default=2,
        description="How many candidates are trained on where [distill] final_epochs asks for it.",
    )
    parent: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Whether candidates are cut out of a slimmable parent, one network trained so "
        "that all widths of it work, and their sensitivities measured in it: auto (for candidates "
        "that keep less than 60 % of the channels, if at least eight are still to come), always "
        "(whenever channels go), never.",
    )
    parent_epochs: Epochs = Field(
        default=4,
        description="Passes over the training data that such a parent is trained for; each costs "
        "as much as four of [distill].",
    )
    seed: Seed = Field(default=0, description="Seeds training and everything drawn at random.")
    precisions: tuple[Literal[precision_names()], ...] = Field(  # type: ignore[valid-type]  # one list
        default=(), description="Precisions to choose from; empty: what suits the device's target."
    )
    techniques: Annotated[tuple[Text, ...], Field(max_length=bounds.LISTED)] = Field(
        default=("prune_channels", "factorize"),
        description="Techniques to choose from, beside precisions: prune_channels, factorize, "
        "drop_blocks (whole residual blocks and equal layers), "
        'prune_weights (saves compressed bytes alone), or "python:module:Class" of your own.',
    )

    @model_validator(mode="after")
    def _channels_go(self) -> "SearchSection":
        if self.parent == "always" and "prune_channels" not in self.techniques:
            raise WrongValueError(
                'parent = "always" needs "prune_channels" among the techniques',
                'Add it to techniques, or set parent = "auto".',
            )
        return self

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, name: str) -> str:
        return _known(name, "strategy", variants.module_names(STRATEGIES))

    @field_validator("techniques")
    @classmethod
    def _known_techniques(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = variants.module_names(DECISIONS)
        for name in names:
            _known(name, "technique in the search", known)
        return names


def _known(name: str, what: str, known: list[str]) -> str:
    """The name of a variant, or of a class of the user's, which is looked at when it is used."""
    if name not in known and not is_reference(name):
        raise WrongValueError(f"unknown {what} {name!r}", nearest(name, known))
    return name


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
    io: Literal["", "float32", "int8", "uint8"] = Field(
        default="",
        description="Type at the inputs and outputs of every .tflite file, so that an app need not "
        "change with a release; as the layers there if left out. ONNX files have float32.",
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
