"""Unstructured pruning: the smallest weights become 0, in a pattern and by a schedule."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from edgehone.compress import _checks, _masks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._copies import freeze_again, trainable_copy
from edgehone.compress._gradual import Decay, gradual
from edgehone.compress._kernels import (
    Kernel,
    bytes_detail,
    check_names,
    chosen,
    give,
    kernels_of,
)
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.held import Held
from edgehone.data import Array
from edgehone.errors import ConfigError
from edgehone.system.bounds import WEIGHT
from edgehone.values import NOTHING

NOTE = (
    "Zeros make the compressed file smaller, and nothing else: kernels stay dense, so the raw "
    "file is as large and runs as fast as before. Use prune_channels for speed."
)

N_OF_M = re.compile(r"([1-9]\d*):([1-9]\d*)")


@dataclass(frozen=True)
class PruneWeights(Technique):
    """Set the smallest weights of every kernel to 0, and keep them there in all later training.

    It saves compressed bytes alone: dense kernels get no faster, and raw files no smaller.

    sparsity: share of a kernel's weights that become 0; layers: the same for layers by name.
    threshold: when above 0, all weights below it instead; in standard deviations of the kernel's
    weights (Han et al. 2015, section 3.1), or with absolute = true as it is.
    pattern: "unstructured"; "N:M", such as "2:4": N stay of every M in a row along the inputs,
    whatever `sparsity` says; "block": whole blocks of `block` (inputs, outputs) go, by their mean.
    schedule: "polynomial": the sparsity rises along Zhu & Gupta 2017, eq. 1, while the weights
    train, from share `begin` to share `end` of the steps, every `frequency` steps (0: so often
    that it rises 50 times); "one_shot": all at once before the training. A threshold and N:M are
    always one shot.
    epochs, batch_size, learning_rate: of the training on the labels; 0 epochs: none, at once.
    skip: layers that are left alone. Kernels of depthwise convolutions always are.
    """

    sparsity: float = 0.5
    layers: Mapping[str, float] = NOTHING
    threshold: float = 0.0
    absolute: bool = False
    pattern: str = "unstructured"
    block: Sequence[int] = (4, 4)
    schedule: Literal["polynomial", "one_shot"] = "polynomial"
    begin: float = 0.0
    end: float = 0.5
    frequency: int = 0
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 1e-3
    skip: Sequence[str] = ()

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "sparsity": (0.3, 0.5, 0.7, 0.8, 0.9),
        "pattern": ("unstructured", "2:4", "block"),
        "schedule": ("polynomial", "one_shot"),
        "epochs": (2, 5, 10),
        "learning_rate": (3e-4, 1e-3, 3e-3),
    }

    def __post_init__(self) -> None:
        for name in ("sparsity", "begin", "end"):
            _checks.number(name, getattr(self, name), 0, 1)
        for layer, share in self.layers.items():
            _checks.number(f"sparsity of {layer!r}", share, 0, 1)
        _checks.number("threshold", self.threshold, 0, WEIGHT)
        _checks.known("schedule", self.schedule, ("polynomial", "one_shot"))
        _checks.integer("frequency", self.frequency, 0)
        _checks.epochs(self.epochs, 0)
        self.training  # noqa: B018 - checks batch size and learning rate
        check_names("skip", self.skip)
        self._check_pattern()
        if not isinstance(self.absolute, bool):
            raise ConfigError(f"absolute = {self.absolute!r} is neither true nor false.", "")
        if self.begin > self.end:
            raise ConfigError(f"begin = {self.begin:g} is after end = {self.end:g}.", "Swap them.")

    def _check_pattern(self) -> None:
        n_of_m = N_OF_M.fullmatch(str(self.pattern))
        if n_of_m and int(n_of_m[1]) >= int(n_of_m[2]):
            raise ConfigError(f"pattern = {self.pattern!r} leaves nothing out.", 'Write "2:4".')
        if not n_of_m:
            _checks.known("pattern", self.pattern, ("unstructured", "2:4", "block"))
        if isinstance(self.block, str) or len(self.block) != 2:
            raise ConfigError(f"block = {self.block!r} is not a pair of sizes.", "Write [4, 4].")
        for size in self.block:
            _checks.integer("block size", size, 1)

    @property
    def training(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(max(self.epochs, 1), self.batch_size, self.learning_rate)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A copy with zeros; detail: {"sparsity": {"layer/weight": share of zeros}, "zeros": share
        in all kernels, "raw_bytes": [before, after], "compressed_bytes": [before, after], "note"},
        and the losses by epoch.

        Raises ConfigError for an unknown layer, ModelError for a model that cannot be trained
        where it has to be (several inputs or outputs; epochs = 0 takes them).
        """
        copy = trainable_copy(model, "train")
        kernels = chosen(kernels_of(copy), self.skip)
        for name in self.layers:
            _checks.known("layer with a kernel", name, (k.layer for k in kernels.values()))
        if not kernels:
            return Outcome(model, "no layer has a kernel to thin out")
        held = Held(zeros=frozenset(kernels))
        if context.options.frozen == "stay":
            freeze_again(model, copy, {kernel.layer for kernel in kernels.values()})
        if self.is_gradual:
            done = self._thin_out(copy, kernels, context)
        else:
            give(copy, {name: np.where(self.mask(k), k.values, 0) for name, k in kernels.items()})
            done = Outcome(copy)
            if self.epochs:
                bound = replace(context, held=context.held | held)
                done = fit_hard(copy, bound, self.training, "prune_weights")
        if done.skipped:
            return Outcome(model, done.skipped)
        return replace(
            done, detail={**done.detail, **_sparsity_detail(model, done.model, kernels)}, held=held
        )

    @property
    def is_gradual(self) -> bool:
        """Whether the zeros come while the weights train."""
        free = not self.threshold and not N_OF_M.fullmatch(self.pattern)
        return self.schedule == "polynomial" and self.epochs > 0 and free

    def mask(self, kernel: Kernel, progress: float = 1.0, values: Array | None = None) -> Any:
        """Where the kernel's weights (or `values` in their place) stay: bool, of their shape.

        progress in [0, 1]: which share of the sparsity is asked for.
        """
        values = kernel.values if values is None else values
        n_of_m = N_OF_M.fullmatch(self.pattern)
        if n_of_m:
            return _masks.n_of_m_mask(values, int(n_of_m[1]), int(n_of_m[2]), kernel.inputs)
        sparsity = progress * self.layers.get(kernel.layer, self.sparsity)
        if self.threshold:
            scale = 1.0 if self.absolute else float(values.std())
            return _masks.threshold_mask(values, self.threshold * scale)
        if self.pattern == "block":
            height, width = self.block
            axes = (kernel.inputs, kernel.outputs)
            return _masks.block_mask(values, sparsity, (height, width), axes)
        return _masks.magnitude_mask(values, sparsity)

    def _thin_out(
        self, copy: Any, kernels: Mapping[str, Kernel], context: TrainingContext
    ) -> Outcome:
        """Trained, with more and more zeros on the way."""
        steps = self.training.steps(len(context.data.train))
        decay = Decay(self.begin, self.end, self.frequency, steps)
        masks = {
            name: lambda values, progress, kernel=kernel: self.mask(kernel, progress, values)
            for name, kernel in kernels.items()
        }
        return fit_hard(
            copy, context, self.training, "prune_weights", lambda net: gradual(net, masks, decay)
        )


def _sparsity_detail(before: Any, after: Any, kernels: Mapping[str, Kernel]) -> dict[str, Any]:
    found = kernels_of(after)
    zeros = {name: float((found[name].values == 0).mean()) for name in kernels}
    total = sum(found[name].values.size for name in kernels)
    every = sum(share * found[name].values.size for name, share in zeros.items()) / total
    return {"sparsity": zeros, "zeros": every, **bytes_detail(before, after), "note": NOTE}
