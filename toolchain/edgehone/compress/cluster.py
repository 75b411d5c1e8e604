"""Weight sharing: the weights of a kernel take one of k values, which compress well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._copies import freeze_again, trainable_copy
from edgehone.compress._kernels import (
    Kernel,
    bytes_detail,
    check_names,
    chosen,
    give,
    kernels_of,
)
from edgehone.compress._sharing import INITIALIZATIONS, inertia, shared
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.held import Held
from edgehone.errors import ConfigError
from edgehone.graph.fold import fold_batch_norms
from edgehone.values import NOTHING

NOTE = (
    "Shared values make the compressed file smaller, and nothing else: the raw file is as large "
    "and runs as fast as before."
)


@dataclass(frozen=True)
class Cluster(Technique):
    """Let the weights of every kernel share `clusters` values, and keep them shared in all later
    training (Han et al. 2016, section 3). Batch norms are folded first: they would scale the
    values apart. It saves compressed bytes alone: kernels get no faster, and raw files no smaller.

    clusters: values per kernel; layers: the same for layers by name.
    initialization: of k-means: "k-means++" (the best of four), "linear" (even between the least
    and the largest weight: keeps large ones apart), "density" (at even shares of the weights).
    keep_zeros: where weights are 0, one of the values is 0 and stays it.
    first, last: whether the model's first and last kernel take part; skip: layers that do not.
    Kernels of depthwise convolutions never do.
    epochs, batch_size, learning_rate: of the training of the shared values on the labels; 0
    epochs: none.
    """

    clusters: int = 16
    layers: Mapping[str, int] = NOTHING
    initialization: Literal["k-means++", "linear", "density"] = "k-means++"
    keep_zeros: bool = True
    first: bool = True
    last: bool = True
    skip: Sequence[str] = ()
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 3e-3

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "clusters": (4, 8, 16, 32, 64),
        "initialization": INITIALIZATIONS,
        "epochs": (2, 5, 10),
        "learning_rate": (1e-3, 3e-3, 1e-2),
    }

    def __post_init__(self) -> None:
        _checks.integer("clusters", self.clusters, 2)
        for layer, count in self.layers.items():
            _checks.integer(f"clusters of {layer!r}", count, 2)
        _checks.known("initialization", self.initialization, INITIALIZATIONS)
        _checks.epochs(self.epochs, 0)
        self.training  # noqa: B018 - checks batch size and learning rate
        check_names("skip", self.skip)
        for name in ("keep_zeros", "first", "last"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(
                    f"{name} = {getattr(self, name)!r} is neither true nor false.", ""
                )

    @property
    def training(self) -> Schedule:
        """How long and how fast to train; checked when built."""
        return Schedule(max(self.epochs, 1), self.batch_size, self.learning_rate)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """A copy, batch norms folded; detail: {"values": {"layer/weight": distinct ones},
        "inertia": {"layer/weight": of the clustering}, "raw_bytes": [before, after],
        "compressed_bytes": [before, after], "note"}, and the losses by epoch.

        Raises ConfigError for an unknown layer, ModelError for a model without a graph, and for
        several inputs or outputs where it trains.
        """
        folded = fold_batch_norms(model)
        copy = trainable_copy(folded, "train")
        kernels = self._kernels(copy)
        if not kernels:
            return Outcome(model, "no layer has a kernel to share values in")
        found = {name: self._shared(kernel, context) for name, kernel in kernels.items()}
        give(copy, found)
        if context.options.frozen == "stay":
            freeze_again(folded, copy, {kernel.layer for kernel in kernels.values()})
        lost = {name: inertia(kernel.values, found[name]) for name, kernel in kernels.items()}
        held = self._held(kernels)
        done = Outcome(copy)
        if self.epochs:
            bound = replace(context, held=context.held | held)
            done = fit_hard(copy, bound, self.training, "cluster")
        if done.skipped:
            return Outcome(model, done.skipped)
        after = kernels_of(done.model)
        values = {name: len(np.unique(after[name].values)) for name in kernels}
        detail = {
            "values": values,
            "inertia": lost,
            **bytes_detail(model, done.model),
            "note": NOTE,
        }
        return replace(done, detail={**done.detail, **detail}, held=held)

    def _kernels(self, model: Any) -> Mapping[str, Kernel]:
        """Those that take part."""
        kernels = chosen(kernels_of(model), self.skip)
        for name in self.layers:
            _checks.known("layer with a kernel", name, (k.layer for k in kernels.values()))
        names = list(kernels)
        without = {*names[: not self.first], *names[len(names) - (not self.last) :]}
        return {name: kernel for name, kernel in kernels.items() if name not in without}

    def _shared(self, kernel: Kernel, context: TrainingContext) -> Any:
        keep = self.keep_zeros or kernel.name in context.held.zeros
        k = self.layers.get(kernel.layer, self.clusters)
        return shared(kernel.values, k, self.initialization, keep_zeros=keep, seed=context.seed)

    def _held(self, kernels: Mapping[str, Kernel]) -> Held:
        zeros = {name for name, kernel in kernels.items() if (kernel.values == 0).any()}
        return Held(frozenset(zeros) if self.keep_zeros else frozenset(), frozenset(kernels))
