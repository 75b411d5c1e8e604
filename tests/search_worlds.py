"""Small searches whose device is simulated and whose truth is known: tables, trials, whole runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone.budgets import Budget
from edgehone.search.decisions.factorize import Factorize
from edgehone.search.decisions.precision import Precision
from edgehone.search.decisions.prune_channels import PruneChannels, channel_options
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import LayerChoice, Losses, Option, Plan
from edgehone.search.shapes import weights
from edgehone.search.space import Space
from edgehone.search.strategies._base import Strategy
from edgehone.search.strategies.allocate import Allocate
from edgehone.values import LayerSpec

SPEED = {"float32": 1.0, "int8": 0.5, "int8x4": 0.6, "dynamic8": 0.7}
QUALITY_LIMIT = 0.5


@dataclass(frozen=True)
class Layer:
    """One layer of a made-up network: its shape, the groups it reads and writes, its ranks."""

    name: str
    spec: LayerSpec
    inputs: Mapping[str, int]
    fixed: int
    output: str | None
    ranks: tuple[int, ...] = (0,)


def space_of(
    groups: Mapping[str, Sequence[int]], layers: Sequence[Layer], precisions: Sequence[str]
) -> Space:
    """groups: the counts that may be kept, all of them first."""
    found = tuple(LayerChoice(a.name, a.spec, dict(a.inputs), a.fixed, a.output) for a in layers)
    ranks: dict[str, tuple[Option, ...]] = {a.name: a.ranks for a in layers}
    choices = (
        PruneChannels({name: tuple(counts) for name, counts in groups.items()}),
        Factorize(ranks),
        Precision({a.name: tuple(precisions) for a in layers}),
    )
    return Space(found, choices, tuple(precisions))


def losses_of(
    channels: Mapping[str, Any], ranks: Mapping[str, Any], precisions: Mapping[str, Any]
) -> Losses:
    return Losses({"prune_channels": channels, "factorize": ranks, "precision": precisions})


def recorded(plan: Plan) -> dict[str, Any]:
    """A plan as plain data."""
    return {
        "channels": dict(plan.of("prune_channels")),
        "ranks": dict(plan.of("factorize")),
        "precisions": dict(plan.of("precision")),
        "default": plan.default,
    }


def cost(spec: LayerSpec, precision: str, default: str = "") -> float | None:
    if precision == "int8x4" and spec.kind == "depthwise":
        return None
    border = 2e-4 * spec.in_channels if precision == "float32" != default else 0.0
    return border + (0.002 + 2e-6 * weights(spec)) * SPEED[precision]


def chain(precisions: Sequence[str] = ("int8", "float32")) -> Tables:
    """Four convolutions in a row."""
    widths = (32, 32, 64, 64)
    groups = {f"g{i}": channel_options(n, 8) for i, n in enumerate(widths)}
    layers = []
    for i, width in enumerate(widths):
        inputs = widths[i - 1] if i else 3
        spec = LayerSpec("conv", 8, 8, inputs, width, (3, 3))
        tied = {f"g{i - 1}": 1} if i else {}
        layers.append(Layer(f"l{i}", spec, tied, 0 if i else 3, f"g{i}"))
    channels = {g: {n: (1 - n / max(o)) ** 2 for n in o} for g, o in groups.items()}
    lossy = {f"l{i}": {"int8": 0.001 * (1 + i)} for i in range(4)}
    space = space_of(groups, layers, precisions)
    return Tables(space, losses_of(channels, {}, lossy), cost)


def mixed(seed: int) -> Tables:
    """A convolution, a depthwise one, one that may be factorized, and a dense head behind both."""
    random = np.random.default_rng(seed)
    groups = {"a": (16, 8, 4), "b": (32, 16, 8)}
    layers = (
        Layer("stem", LayerSpec("conv", 8, 8, 3, 16, (3, 3)), {}, 3, "a"),
        Layer("dw", LayerSpec("depthwise", 8, 8, 16, 16, (3, 3)), {"a": 1}, 0, "a"),
        Layer("mid", LayerSpec("conv", 8, 8, 16, 32, (3, 3)), {"a": 1}, 0, "b", (0, 4, 8)),
        Layer("head", LayerSpec("dense", 1, 1, 48, 10), {"a": 1, "b": 1}, 0, None),
    )
    channels = {
        g: {n: float(random.uniform(0, 2) * (1 - n / max(o))) for n in o} for g, o in groups.items()
    }
    lossy = {
        layer.name: {
            "int8": float(random.uniform(0, 0.1)),
            "int8x4": float(random.uniform(0, 0.5)),
            "dynamic8": float(random.uniform(0, 0.05)),
        }
        for layer in layers
    }
    ranks = {"mid": {4: float(random.uniform(0.2, 1)), 8: float(random.uniform(0, 0.2))}}
    precisions = ("int8", "float32", "int8x4", "dynamic8")
    return Tables(space_of(groups, layers, precisions), losses_of(channels, ranks, lossy), cost)


def drawn(seed: int) -> Tables:
    """A chain of two to four convolutions with everything about it drawn: widths, losses that need
    not rise, costs that rise in steps, precisions that some layers cannot have.
    """
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 5))
    widths = [int(8 * random.integers(1, 5)) for _ in range(count)]
    groups = {f"g{i}": channel_options(n, 4) for i, n in enumerate(widths)}
    layers = []
    for i, width in enumerate(widths):
        spec = LayerSpec("conv", 8, 8, widths[i - 1] if i else 3, width, (3, 3))
        tied = {f"g{i - 1}": 1} if i else {}
        ranks = tuple(sorted({0, *(int(r) for r in random.integers(2, 9, 2))}))
        layers.append(Layer(f"l{i}", spec, tied, 0 if i else 3, f"g{i}", ranks))
    several = (("int8", "float32"), ("int8", "int8x4"), ("float32",), ("dynamic8", "float32"))
    precisions = several[int(random.integers(len(several)))]
    block, lacks = int(random.choice([1, 8, 16])), f"{random.integers(3)}"
    channels = {
        g: {n: float(random.uniform(0, 1)) * (n < max(o)) for n in o} for g, o in groups.items()
    }
    lossy = {a.name: {p: float(random.uniform(0, 0.2)) for p in precisions} for a in layers}
    low = {a.name: {r: float(random.uniform(0, 1)) for r in a.ranks if r} for a in layers}

    def stepped(spec: LayerSpec, precision: str, default: str = "") -> float | None:
        if precision != default and str(spec.out_channels % 3) == lacks:
            return None
        outputs = -(-spec.out_channels // block) * block
        return cost(replace(spec, out_channels=outputs), precision, default)

    return Tables(space_of(groups, layers, precisions), losses_of(channels, low, lossy), stepped)


def wide() -> Tables:
    """A convolution behind a concatenation of three wide groups."""
    options = tuple(range(64, 0, -4))
    groups = {f"g{i}": options for i in range(4)}
    inputs = {f"g{i}": 1 for i in range(3)}
    merge = Layer("merge", LayerSpec("conv", 4, 4, 192, 64), inputs, 0, "g3")
    channels = {g: {n: (64 - n) / 64 * (1 + i / 4) for n in options} for i, g in enumerate(groups)}
    return Tables(space_of(groups, [merge], ("int8",)), losses_of(channels, {}, {}), cost)


def measured(tables: Tables, plan: Plan, target: float | None) -> Trial:
    """The simulated device: 1.3 times the sums and an overhead; training halves the loss."""
    sums = tables.totals(plan)
    metrics = {
        tables.priced: 1.3 * sums.cost + 0.005,
        "size_bytes": sums.size_bytes + 2000,
        "compressed_bytes": 0.8 * (sums.size_bytes + 2000),
        "peak_memory_bytes": sums.memory_bytes + 5000,
        "accuracy_drop": 0.02 * sums.loss,
    }
    if tables.priced == "latency_p50_ms":
        metrics["latency_p90_ms"] = 1.2 * metrics["latency_p50_ms"]
    return Trial(plan, sums, metrics, sums.loss <= QUALITY_LIMIT, target)


def baselines(tables: Tables) -> list[Trial]:
    """The model as it is, in float32 and int8."""
    return [measured(tables, tables.space.unchanged(p), None) for p in ("float32", "int8")]


def run(
    tables: Tables,
    goal: Goal,
    rounds: int = 6,
    strategy: Strategy | None = None,
) -> tuple[list[Proposal], str]:
    """What is proposed, candidate by candidate, and why it ends. rounds: questions asked."""
    trials, found = baselines(tables), list[Proposal]()
    for _ in range(rounds):
        answer = (strategy or Allocate()).ask(tables, trials, goal)
        if isinstance(answer, Stop):
            return found, answer.reason
        found += answer.members
        trials += [
            replace(measured(tables, each.plan, each.target), predicted=each.predicted)
            for each in answer.members
        ]
    return found, ""


def limited(metric: str, limit: float) -> Budget:
    return Budget(metric, "max", limit)
