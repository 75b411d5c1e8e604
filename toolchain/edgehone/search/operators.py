"""Operators without weights, as wide as the channels that are left: what a plan's file has beside
its layers.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

from edgehone.graph.groups import ChannelGraph
from edgehone.graph.operator_specs import operator_specs, sizes_of
from edgehone.search.plan import LayerChoice
from edgehone.values import LayerSpec


def operators_of(
    model: Any, graph: ChannelGraph, groups: Collection[str]
) -> tuple[LayerChoice, ...]:
    """The operators of a model. groups: those whose channels may be fewer; what is not known to
    have channels of these keeps its width.
    """
    sizes = {group.name: group.channels for group in graph.groups if group.name in groups}
    owner = {unit: name for unit, (name, _) in graph.owners().items() if name in sizes}
    found = []
    for each in operator_specs(model):
        units = graph.outputs.get(each.call)
        counts = Counter(owner.get(int(unit), "") for unit in ([] if units is None else units))
        if sum(counts.values()) != each.spec.out_channels:
            counts = Counter({"": each.spec.out_channels})
        fixed = counts.pop("", 0)
        tied = {group: count // sizes[group] for group, count in counts.items()}
        found.append(LayerChoice(each.name, each.spec, tied, fixed, None))
    return tuple(found)


def borders_of(model: Any) -> tuple[LayerChoice, ...]:
    """The conversions at the ends of integer files with float inputs and outputs; in other files
    they have no cost.
    """
    ends = [("quantize", each) for each in model.inputs if "float" in str(each.dtype)]
    ends += [("dequantize", each) for each in model.outputs]
    found = []
    for number, (kind, tensor) in enumerate(ends):
        height, width, channels = sizes_of(tensor)
        spec = LayerSpec(kind, height, width, channels, channels)
        found.append(LayerChoice(f"border {number}", spec, {}, channels, None))
    return tuple(found)
