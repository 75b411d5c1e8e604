"""Plans as recipes, and as the per-layer decisions people read."""

from collections.abc import Mapping

from edgehone.precisions import FLOAT32, static
from edgehone.search.space import Plan, Space
from edgehone.values import BitPlan, Plain, Recipe, Step

SHARED = ("batch_size", "temperature", "soft", "hard")
"""Settings of distillation that quantization-aware training has too."""


def recipe_of(plan: Plan, space: Space, training: Plain, aware_epochs: int = 0) -> Recipe:
    """The recipe that makes a plan: prune, factorize, fine-tune with the teacher, set precisions.

    training: settings of the fine-tuning step. aware_epochs: then so many epochs with the rounding
    of the plan's integer layers. Steps that would change nothing are left out.
    """
    pruned = {g.name: plan.kept[g.name] for g in space.groups if plan.kept[g.name] < g.channels}
    ranks = {name: rank for name, rank in plan.ranks.items() if rank}
    steps = []
    if pruned:
        steps.append(Step("prune_channels", {"channels": pruned}))
    if ranks:
        steps.append(Step("factorize", {"ranks": ranks}))
    if steps:
        steps.append(Step("distill", dict(training)))
    bits = bits_of(plan)
    if aware_epochs and {bits.default, *bits.layers.values()} & {*static()}:
        steps.append(_aware(bits, training, aware_epochs))
    return Recipe(tuple(steps), bits)


def _aware(bits: BitPlan, training: Plain, epochs: int) -> Step:
    """Quantization-aware training for these precisions; layers in others train in float."""
    layers = {name: _trained_for(precision) for name, precision in bits.layers.items()}
    shared = {name: training[name] for name in SHARED if name in training}
    if shared.get("soft", 1) + shared.get("hard", 1) == 0:  # features alone: not known there
        shared = {name: shared[name] for name in shared if name not in ("soft", "hard")}
    settings = {"epochs": epochs, "bits": _trained_for(bits.default), "layers": layers}
    return Step("quantize_aware", {**shared, **settings})


def _trained_for(precision: str) -> str:
    return precision if precision in static() else FLOAT32


def bits_of(plan: Plan) -> BitPlan:
    """The precisions of a plan; both factors of a factorized layer share the layer's."""
    layers: dict[str, str] = {}
    for name, precision in plan.precisions.items():
        if precision != plan.default:
            layers[name] = precision
            if plan.ranks.get(name):
                layers[f"{name}_svd"] = precision
    return BitPlan(plan.default, layers)


def layer_rows(plan: Plan, space: Space) -> list[Mapping[str, object]]:
    """One row per layer: kind, output channels left and before, rank (0: whole), precision."""
    rows: list[Mapping[str, object]] = []
    for layer in space.layers:
        cut = layer.cut(plan.kept)
        rows.append(
            {
                "name": layer.name,
                "kind": layer.spec.kind,
                "channels": cut.out_channels,
                "channels_before": layer.spec.out_channels,
                "rank": plan.ranks.get(layer.name, 0),
                "precision": plan.precisions[layer.name],
            }
        )
    return rows
