"""Plans as recipes, and as the per-layer decisions people read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgehone.precisions import FLOAT32, static
from edgehone.search.plan import Plan
from edgehone.search.space import Space
from edgehone.values import Plain, PrecisionPlan, Recipe, Step

SHARED = ("batch_size", "temperature", "soft", "hard")
"""Settings of distillation that quantization-aware training has too."""

AWARE = "quantize_aware"


def recipe_of(
    plan: Plan,
    space: Space,
    training: Plain,
    aware_epochs: int = 0,
    turns: Sequence[int] = (),
) -> Recipe:
    """The recipe that makes a plan: the techniques' steps, then fine-tuning with the teacher, and
    the precisions.

    training: settings of the fine-tuning step. aware_epochs: then so many epochs with the rounding
    of the plan's integer layers. turns: the epochs of fine-tuning one after the other, in the place
    of those in the settings. Steps that would change nothing are left out.
    """
    built = space.built(plan)
    steps = [step for decision in space.decisions for step in decision.steps(built)]
    if steps:
        settings = [{**training, "epochs": each} for each in turns] or [dict(training)]
        steps += [Step("distill", each) for each in settings]
    bits = bits_of(plan, space)
    if aware_epochs and _has_integers(bits):
        steps.append(_aware(bits, training, aware_epochs))
    return Recipe(tuple(steps), bits)


def before_rounding(recipe: Recipe) -> Recipe:
    """A recipe without the quantization-aware training that it may end with."""
    steps = recipe.steps
    ends_aware = bool(steps) and steps[-1].technique == AWARE
    return replace(recipe, steps=steps[:-1]) if ends_aware else recipe


def trained_on(
    recipe: Recipe, training: Plain, aware_epochs: int, *, in_float: bool = True
) -> tuple[tuple[Recipe, Recipe], ...]:
    """A candidate's recipe with further training, each after the recipe that it goes on from:
    trained as the settings say, and, where it has integer layers, then with their rounding as well.

    training: of the further step, with its epochs. in_float: whether there is anything to learn
    without rounding, which there is not for a model that is its own teacher.
    """
    start = before_rounding(recipe)
    found: list[tuple[Recipe, Recipe]] = []
    longer = start
    if in_float:
        longer = replace(start, steps=(*start.steps, Step("distill", dict(training))))
        found.append((start, longer))
    bits = recipe.precision
    if aware_epochs and _has_integers(bits):
        steps = (*longer.steps, _aware(bits, training, aware_epochs))
        found.append((longer, replace(longer, steps=steps)))
    return tuple(found)


def _has_integers(bits: PrecisionPlan) -> bool:
    return bool({bits.default, *bits.layers.values()} & {*static()})


def _aware(bits: PrecisionPlan, training: Plain, epochs: int) -> Step:
    """Quantization-aware training for these precisions; layers in others train in float."""
    layers = {name: _trained_for(precision) for name, precision in bits.layers.items()}
    shared = {name: training[name] for name in SHARED if name in training}
    if shared.get("soft", 1) + shared.get("hard", 1) == 0:  # features alone: not known there
        shared = {name: shared[name] for name in shared if name not in ("soft", "hard")}
    settings = {"epochs": epochs, "bits": _trained_for(bits.default), "layers": layers}
    return Step(AWARE, {**shared, **settings})


def _trained_for(precision: str) -> str:
    return precision if precision in static() else FLOAT32


def bits_of(plan: Plan, space: Space) -> PrecisionPlan:
    """The precisions of a plan."""
    bits, plan = PrecisionPlan(plan.default), space.built(plan)
    for decision in space.decisions:
        bits = decision.bits(plan, bits)
    return bits


def layer_rows(plan: Plan, space: Space) -> list[Mapping[str, object]]:
    """One row per layer: kind, output channels left (0: the layer is gone) and before, rank (0:
    whole), precision, and what other techniques say of it.
    """
    rows: list[Mapping[str, object]] = []
    for layer in space.layers:
        parts = space.made(layer, plan.choices, plan.default).parts
        row: dict[str, object] = {
            "name": layer.name,
            "kind": layer.spec.kind,
            "channels": parts[-1].out_channels if parts else 0,
            "channels_before": layer.spec.out_channels,
            "rank": 0,
        }
        for decision in space.decisions:
            row |= decision.row(plan, layer)
        rows.append(row)
    return rows
