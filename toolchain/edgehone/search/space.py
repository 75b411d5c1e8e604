"""What may be chosen for each channel group and layer, and what a choice is worth in bytes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgehone import precisions
from edgehone.graph.costs import layer_specs
from edgehone.graph.groups import ChannelGraph
from edgehone.values import LayerSpec

FRACTIONS = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125)
"""Shares of a group's channels worth trying, before they snap to the target's multiple."""

RANK_FRACTIONS = (0.125, 0.25, 0.5)
"""Shares of a kernel's full rank worth trying."""


@dataclass(frozen=True)
class GroupChoice:
    """A group of tied channels and the counts that may be kept, largest (all of them) first."""

    name: str
    channels: int
    options: tuple[int, ...]


@dataclass(frozen=True)
class LayerChoice:
    """A layer with weights: its shape, which groups its channels belong to, and what may vary.

    inputs maps a group to how many of the layer's input channels one of its units stands for
    (a dense layer behind a flatten: height x width); fixed_inputs counts the others. output_times:
    how many of its output channels a unit of `output` stands for (a group of a grouped
    convolution: its width). ranks: 0 means not factorized.
    """

    name: str
    spec: LayerSpec
    inputs: Mapping[str, int]
    fixed_inputs: int
    output: str | None
    ranks: tuple[int, ...] = (0,)
    output_times: int = 1

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that this layer's cost depends on, each once."""
        return tuple(dict.fromkeys([*self.inputs, *([self.output] if self.output else [])]))

    def cut(self, kept: Mapping[str, int]) -> LayerSpec:
        """The layer's shape when `kept` channels of each of its groups are left."""
        inputs = self.fixed_inputs + sum(kept[g] * times for g, times in self.inputs.items())
        if self.spec.kind == "depthwise":
            return replace(self.spec, in_channels=inputs, out_channels=inputs)
        outputs = self.spec.out_channels
        if self.output:
            outputs = kept[self.output] * self.output_times
        return replace(self.spec, in_channels=inputs, out_channels=outputs)


@dataclass(frozen=True)
class Space:
    """All that the search may decide about one model."""

    groups: tuple[GroupChoice, ...]
    layers: tuple[LayerChoice, ...]
    precisions: tuple[str, ...]

    def group(self, name: str) -> GroupChoice:
        """The group of that name."""
        return next(group for group in self.groups if group.name == name)


@dataclass(frozen=True)
class Plan:
    """One point of the space: channels kept per group, rank and precision per layer."""

    kept: Mapping[str, int]
    ranks: Mapping[str, int]
    precisions: Mapping[str, str]
    default: str


def space_of(
    model: Any,
    graph: ChannelGraph,
    *,
    multiple: int,
    precisions: Sequence[str],
    techniques: Sequence[str],
) -> Space:
    """The space of a Keras model: groups that may shrink and layers that may change.

    multiple: the channel multiple the target's kernels like; precisions: those to consider.
    """
    free = [g for g in graph.groups if g.prunable and "prune_channels" in techniques]
    sizes = {group.name: group.channels for group in free}
    owner = {unit: name for unit, (name, _) in graph.owners().items() if name in sizes}
    ranked = "factorize" in techniques
    layers = tuple(
        _layer(name, spec, graph, owner, sizes, rank_options(spec, multiple) if ranked else (0,))
        for name, spec in layer_specs(model).items()
    )
    priced = {group for layer in layers for group in layer.groups}
    times = {layer.output: layer.output_times for layer in reversed(layers) if layer.output}
    groups = tuple(
        GroupChoice(name, size, channel_options(size, max(1, multiple // times.get(name, 1))))
        for name, size in sizes.items()
        if name in priced  # of others, no price would ever tell that fewer are better
    )
    return Space(groups, layers, tuple(precisions))


def _layer(
    name: str,
    spec: LayerSpec,
    graph: ChannelGraph,
    owner: Mapping[int, str],
    sizes: Mapping[str, int],
    ranks: tuple[int, ...],
) -> LayerChoice:
    """What may vary about one layer. owner: units of groups that may shrink; sizes: theirs."""
    inputs = Counter(owner.get(int(unit), "") for unit in graph.inputs[name])
    outputs = Counter(owner.get(int(unit), "") for unit in graph.outputs[name])
    fixed = inputs.pop("", 0)
    tied = {group: count // sizes[group] for group, count in inputs.items()}
    output = next(iter(outputs)) if len(outputs) == 1 and "" not in outputs else None
    times = outputs[output] // sizes[output] if output else 1
    return LayerChoice(name, spec, tied, fixed, output, ranks, times)


def channel_options(channels: int, multiple: int) -> tuple[int, ...]:
    """Counts worth keeping of `channels`, largest first: shares snapped to the multiple.

    Groups narrower than four multiples snap to 4, 2 or single channels instead.
    """
    step = next((m for m in (multiple, 4, 2, 1) if channels >= 4 * m), 1)
    snapped = {max(step, round(channels * share / step) * step) for share in FRACTIONS}
    return tuple(sorted({channels, *(n for n in snapped if n < channels)}, reverse=True))


def rank_options(spec: LayerSpec, multiple: int) -> tuple[int, ...]:
    """Ranks worth trying, 0 (not factorized) first; none for depthwise and small kernels."""
    full = full_rank(spec)
    if spec.kind == "depthwise" or full < 2 * multiple:
        return (0,)
    snapped = {max(multiple, round(full * f / multiple) * multiple) for f in RANK_FRACTIONS}
    return (0, *sorted(rank for rank in snapped if saves(spec, rank)))


def full_rank(spec: LayerSpec) -> int:
    """Rank of the kernel as a matrix (kernel height x width x inputs, outputs)."""
    return min(spec.kernel[0] * spec.kernel[1] * spec.in_channels, spec.out_channels)


def saves(spec: LayerSpec, rank: int) -> bool:
    """Whether two factors of this rank have fewer weights and MACs than the one kernel."""
    return 0 < rank < full_rank(spec) and 2 * sum(map(weights, factors(spec, rank))) < 2 * weights(
        spec
    )


def factors(spec: LayerSpec, rank: int) -> tuple[LayerSpec, ...]:
    """The layers that a layer becomes at a rank: itself (rank 0), or k x k then 1 x 1."""
    if rank == 0:
        return (spec,)
    first = replace(spec, out_channels=rank, relu=False)
    height, width = output_size(spec)
    second = replace(
        spec, in_channels=rank, kernel=(1, 1), strides=(1, 1), height=height, width=width
    )
    return (first, second)


def weights(spec: LayerSpec) -> int:
    """Number of kernel weights."""
    area = spec.kernel[0] * spec.kernel[1]
    if spec.kind == "depthwise":
        return area * spec.in_channels
    return area * spec.in_channels * spec.out_channels


def output_size(spec: LayerSpec) -> tuple[int, int]:
    """Height and width of the layer's output."""
    if spec.padding == "same":
        return -(-spec.height // spec.strides[0]), -(-spec.width // spec.strides[1])
    return (
        (spec.height - spec.kernel[0]) // spec.strides[0] + 1,
        (spec.width - spec.kernel[1]) // spec.strides[1] + 1,
    )


def file_bytes(spec: LayerSpec, precision: str) -> float:
    """Bytes this layer takes in a file: weights, 32-bit biases, and scales per channel; those of a
    dense layer in int8 mostly share one.
    """
    kind = precisions.named(precision)
    shared = kind.float_weights or (spec.kind == "dense" and kind.dense_shares_scale)
    scales = 0 if shared else 12 * spec.out_channels
    return weights(spec) * kind.weight_bytes + 4 * spec.out_channels + scales


def memory_bytes(spec: LayerSpec, precision: str) -> float:
    """Bytes of the layer's input and output while it runs."""
    height, width = output_size(spec)
    values = spec.height * spec.width * spec.in_channels + height * width * spec.out_channels
    return values * precisions.named(precision).activation_bytes
