"""Quantization-aware training: fine-tuning with the rounding errors that an integer file makes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._copies import trainable_copy
from edgehone.compress._quantized_graph import (
    QuantizedGraph,
    Settings,
    quantized_graph,
    trainable,
    with_open_activations,
)
from edgehone.compress._views import View, view_of
from edgehone.compress.training import teacher_outputs as _teacher_outputs
from edgehone.compress.training.distillers import distiller
from edgehone.compress.training.fitting import (
    Batches,
    Schedule,
    Training,
    columns_of,
    fit,
    label_loss,
    outcome,
    soft_loss,
    targets_of,
)
from edgehone.compress.training.unlabelled import marked, of_labelled, taught
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.copying import carry_state
from edgehone.graph.fold import fold_batch_norms
from edgehone.graph.unfold import unfold
from edgehone.precisions import FLOAT32
from edgehone.system.bounds import WEIGHT
from edgehone.values import NOTHING

CALIBRATION_BATCH = 64


@dataclass(frozen=True)
class QuantizeAware(Technique):
    """Fine-tune a model under the rounding of the integer file it will become (Jacob et al. 2018,
    section 3), with the teacher's soft answers if there is a teacher.

    Batch norms are folded first, inner models laid open. Kernels are rounded per output channel,
    activations where TFLite's operators write them; see `_quantization_sites`. The result has
    ordinary float weights, and the ranges to export it with. Kernels that TFLite scales otherwise
    (EinsumDense, recurrent layers) train in float.

    bits: the precision trained for, and `layers`: those of layers that differ from it, as in a
    recipe's bit plan ("int8", "int8x4", "int16x8", "float32"); layers without 4-bit kernels get 8.
    ranges: "moving" averages (with `momentum`) of the batches' extremes, or "learned" with the
    weights (LSQ, Esser et al. 2020), which takes longer and was no better where tried. They start
    from `calibration` training samples, from the `percentile` of their values (100: all).
    soft, hard: weights of the teacher's answers at `temperature` and of the labels, as in distill.
    """

    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 3e-4
    bits: str = "int8"
    layers: Mapping[str, str] = NOTHING
    ranges: Literal["moving", "learned"] = "moving"
    momentum: float = 0.99
    calibration: int = 512
    percentile: float = 100.0
    temperature: float = 4.0
    soft: float = 0.7
    hard: float = 0.3

    TRAINS: ClassVar[bool] = True
    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "epochs": (2, 5, 10),
        "learning_rate": (1e-4, 3e-4, 1e-3),
        "ranges": ("moving", "learned"),
        "soft": (0.3, 0.7, 0.9),
        "percentile": (99.9, 100.0),
    }

    def __post_init__(self) -> None:
        self.schedule  # noqa: B018 - checks epochs, batch size and learning rate
        for precision in (self.bits, *self.layers.values()):
            _checks.known("bits to train for:", precision, trainable())
        _checks.known("way to find ranges", self.ranges, ("learned", "moving"))
        _checks.number("momentum", self.momentum, 0, 1)
        _checks.integer("calibration", self.calibration, 1)
        _checks.number("percentile", self.percentile, 50, 100, above=True)
        _checks.number("temperature", self.temperature, 0, 1000, above=True)
        for name in ("soft", "hard"):
            _checks.number(name, getattr(self, name), 0, WEIGHT)
        if self.soft + self.hard == 0:
            raise ConfigError("soft and hard are both 0.", "Give one of them a weight.")
        if {self.bits, *self.layers.values()} == {FLOAT32}:
            raise ConfigError("All layers are float32.", "Name a precision in bits, or distill.")

    @property
    def schedule(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(self.epochs, self.batch_size, self.learning_rate)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The trained model, batch norms folded; detail: losses by epoch, and "ranges": {tensor's
        name: [low, high]}.

        Raises ModelError for several inputs or outputs, ConfigError for an unknown layer.
        """
        result = trainable_copy(fold_batch_norms(unfold(model)), context.options.frozen)
        for name in self.layers:
            _checks.known("layer", name, (layer.name for layer in result.layers))
        backend.seed(context.seed)
        student, owners = with_open_activations(result)
        view = view_of(student, context.task, context.data.train.x)
        learned = self.ranges == "learned"
        settings = Settings(self.bits, self.layers, learned, self.momentum)
        graph = quantized_graph(student, view.inputs, view.tensor, owners, settings)
        graph.calibrate(
            context.data.train.x[: self.calibration], self.percentile, CALIBRATION_BATCH
        )
        losses = self._train(student, graph, context)
        for layer in result.layers:
            carry_state(student.get_layer(layer.name), layer)
        done = outcome(model, result, losses)
        if done.skipped:  # ranges of a model that nobody gets
            return done
        return replace(done, detail={**done.detail, "ranges": graph.ranges()})

    def _train(
        self, student: Any, graph: QuantizedGraph, context: TrainingContext
    ) -> tuple[float, ...]:
        """Losses of the epochs; `student` is trained in place."""
        keras, train, task = backend.keras(), context.data.train, context.task
        targets = targets_of(train, graph.tensor, task)
        trainer: Any = keras.Model(graph.inputs, graph.tensor)
        inputs: tuple[Any, ...] = (train.x,)
        loss = label_loss(context, columns_of(student))
        if context.teacher is not None and self.soft > 0:
            teacher_outputs = _teacher_outputs.prepare(
                context, (), View(graph.inputs, graph.tensor)
            )
            student_model = keras.Model(
                [graph.inputs, *teacher_outputs.inputs], graph.tensor, name="student"
            )
            trainer = distiller(context.options)(
                teacher_outputs.teacher,
                student_model,
                keras.distillation.FeatureDistillation(soft_loss(task, self.temperature)),
                student_loss_weight=self.hard / (self.hard + self.soft),
            )
            samples = taught(context.data)
            inputs = (samples, *teacher_outputs.recorded)
            targets, loss = marked(targets, len(samples)), of_labelled(loss, context.data)
        training = Training("quantize_aware", student, trainer, (loss,))
        return fit(training, Batches(inputs, (targets,)), self.schedule, context)
