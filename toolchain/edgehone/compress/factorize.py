"""Factorization: one dense or convolution layer becomes two or three thinner ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from edgehone.compress import _checks
from edgehone.compress._base import Outcome, Technique, TrainingContext
from edgehone.compress._factors import (
    KINDS,
    METHODS,
    SUFFIXES,
    Options,
    Place,
    chain,
    options,
    refusal_of,
    threshold_ranks,
)
from edgehone.compress._rank_choice import Choice, cheapest, choice, within
from edgehone.errors import ConfigError
from edgehone.graph.costs import total_macs
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.wiring import calls, kind_of
from edgehone.values import NOTHING, Plain

Ranks = int | Sequence[int]


@dataclass(frozen=True)
class Factorize(Technique):
    """Split layers into thinner ones in a row; the last keeps name, bias and activation.

    method, and `methods` for layers that differ (layer -> method):
    - "svd": NAME_svd (the old window, rank outputs) and NAME (1 x 1), as in Zhang et al. 2016,
      section 3.1; dense layers and convolutions.
    - "spatial": NAME_a (k x 1, rank outputs) and NAME (1 x k), as in Jaderberg et al. 2014,
      scheme 2, and Tai et al. 2016; Conv2D.
    - "tucker": NAME_a (1 x 1 to the first rank), NAME_b (the window, to the second rank), NAME
      (1 x 1), as in Kim et al. 2016; convolutions. A 1 x 1 layer of full rank is left out.
    - "auto": of those that a layer can have, the one with the fewest MACs that holds the energy,
      or loses least for what it saves (budget); svd where a rank is given, tucker where two are.

    Which and how far: what `ranks` says (layer -> rank; tucker: [inputs', outputs'], or one for
    both); else with a `budget` (0: none) all layers together until that share of the model's
    `counted` ("macs" or "params") is left, giving up least energy for what is saved; else with a
    `threshold` (0: none) every layer without the singular values below that share of its largest
    ("auto": svd); else every layer at the smallest ranks that hold the share `energy` of its
    squared norm. Never where the new layers would have as many weights or MACs as the one, or
    save less than the share `minimum_saving` of them. Depthwise and grouped kernels stay whole: a
    depthwise layer's time is spent on reading its input, which two layers would do twice.
    """

    ranks: Mapping[str, Ranks] = NOTHING
    energy: float = 0.9
    minimum_saving: float = 0.1
    method: Literal["svd", "spatial", "tucker", "auto"] = "svd"
    methods: Mapping[str, str] = NOTHING
    threshold: float = 0.0
    budget: float = 0.0
    counted: Literal["macs", "params"] = "macs"

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "energy": (0.8, 0.9, 0.95, 0.98),
        "method": ("svd", "spatial", "tucker", "auto"),
        "threshold": (0.0, 0.05, 0.1, 0.2),
        "budget": (0.0, 0.3, 0.5, 0.7),
    }

    def __post_init__(self) -> None:
        _checks.number("energy", self.energy, 0, 1, above=True)
        _checks.number("minimum_saving", self.minimum_saving, 0, 1)
        _checks.number("threshold", self.threshold, 0, 1)
        _checks.number("budget", self.budget, 0, 1)
        _checks.known("way to be counted", self.counted, ("macs", "params"))
        for method in (self.method, *self.methods.values()):
            _checks.known("method of factorization", method, (*METHODS, "auto"))
        for layer, given in self.ranks.items():
            self._check_ranks(layer, given)

    def apply(self, model: Any, context: TrainingContext) -> Outcome:
        """The model with thinner layers; detail: {"ranks": {layer: [rank, full]} (tucker: both
        lists of two), "methods": {layer: method}, "lost": {layer: share of its squared norm},
        "refused": {layer: reason}}, refused among those named in `ranks`.

        Raises ConfigError for an unknown layer, ModelError for a model without a graph.
        """
        layers = {layer.name: layer for layer in model.layers}
        for name in (*self.ranks, *self.methods):
            _checks.known("layer", name, layers)
        places = _places(model)
        reasons = {name: _refusal_of(layers[name], layers) for name in self.ranks or layers}
        free = {name: places[name] for name, reason in reasons.items() if not reason}
        refused = {name: reason for name, reason in reasons.items() if reason}
        possible = self._possible(free, layers, refused)
        chosen, note = self._chosen(model, free, possible, refused)
        detail = _ranks_detail(chosen) | {"refused": refused if self.ranks else {}}
        if note or not chosen:
            return Outcome(model, note or "no layer would have fewer weights", detail)

        def replace(layer: Any) -> Replacement:
            found = chosen.get(layer.name)
            return chain(layer, found.method, found.ranks) if found else None

        return Outcome(rewrite(model, replace), detail=detail)

    def _check_ranks(self, layer: str, given: Any) -> None:
        pair = isinstance(given, Sequence) and not isinstance(given, str)
        for rank in given if pair else (given,):
            _checks.integer(f"rank of {layer!r}", rank, 1)
        method = self.methods.get(layer, self.method)
        if pair and (len(given) != 2 or method not in ("tucker", "auto")):
            raise ConfigError(
                f"ranks of {layer!r} = {list(given)!r}, and {method} takes one number.",
                "Give one rank, or method tucker with one for inputs and one for outputs.",
            )

    def _possible(
        self, free: Mapping[str, "_Known"], layers: Mapping[str, Any], refused: dict[str, str]
    ) -> dict[str, list[Options]]:
        """All that may be chosen for each layer; those without anything go to `refused`."""
        found = {}
        for name, known in free.items():
            ways = self._ways(name)
            reasons = {way: _reason_against(known.layer, way, layers) for way in ways}
            able = [way for way in ways if not reasons[way]]
            if able:
                found[name] = [options(known.place, way) for way in able]
            else:
                refused[name] = reasons[ways[0]]
        return found

    def _ways(self, name: str) -> tuple[str, ...]:
        """The methods to consider for a layer."""
        method = self.methods.get(name, self.method)
        if method != "auto":
            return (method,)
        if name in self.ranks:
            return ("svd",) if isinstance(self.ranks[name], int) else ("tucker",)
        return ("svd",) if self.threshold and not self.budget else METHODS

    def _chosen(
        self,
        model: Any,
        free: Mapping[str, "_Known"],
        possible: Mapping[str, Sequence[Options]],
        refused: dict[str, str],
    ) -> tuple[dict[str, Choice], str]:
        """Choices by layer, and why the step is skipped altogether; reasons go to `refused`."""
        if self.budget and not self.ranks:
            return self._within(model, free, possible)
        chosen = {}
        for name, found in possible.items():
            picked = self._picked(name, free[name], found)
            reason = self._no_saving(picked, free[name].whole)
            if reason:
                refused[name] = reason
            else:
                chosen[name] = picked
        return chosen, ""

    def _picked(self, name: str, known: "_Known", found: Sequence[Options]) -> Choice:
        """The ranks asked for, whether they save anything or not."""
        if name in self.ranks:
            ranks = self.ranks[name]
            wanted = (ranks,) * len(found[0].full) if isinstance(ranks, int) else tuple(ranks)
            return choice(found[0], found[0].nearest(wanted))
        if self.threshold:
            wanted = threshold_ranks(known.place, found[0].method, self.threshold)
            return choice(found[0], found[0].nearest(wanted))
        return cheapest(found, self.energy)

    def _within(
        self, model: Any, free: Mapping[str, "_Known"], possible: Mapping[str, Sequence[Options]]
    ) -> tuple[dict[str, Choice], str]:
        total = total_macs(model) if self.counted == "macs" else model.count_params()
        saving = (1 - self.budget) * total
        whole = {name: free[name].whole for name in possible}
        chosen, saved = within(possible, whole, saving, self.counted, 1 - self.minimum_saving)
        if saved >= saving:
            return chosen, ""
        left = 1 - saved / total
        return {}, f"{left:.0%} of the {self.counted} stay at the lowest ranks, not {self.budget:g}"

    def _no_saving(self, picked: Choice, whole: tuple[int, int]) -> str:
        share = max(picked.macs / whole[0], picked.params / whole[1])
        if share < 1 and share <= 1 - self.minimum_saving:
            return ""
        text = " and ".join(map(str, picked.ranks))
        return f"at rank {text} its weights and MACs would be {share:.0%} of what they are"


@dataclass(frozen=True, eq=False)
class _Known:
    """A layer, its place, and its (macs, params) as it is."""

    layer: Any
    place: Place

    @property
    def whole(self) -> tuple[int, int]:
        return self.place.macs, int(self.place.kernel.size)


def _refusal_of(layer: Any, layers: Mapping[str, Any]) -> str:
    """Why a layer cannot be split at all, or "" when it can."""
    kind = kind_of(layer)
    if kind not in KINDS:
        return f"{kind or type(layer).__name__} layers cannot be split"
    if getattr(layer, "groups", 1) != 1:
        return "it is a grouped convolution"
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return "its channels come first"
    if layer.name + "_svd" in layers or layer.name.endswith("_svd"):
        return "it has been split before"
    return ""


def _reason_against(layer: Any, method: str, layers: Mapping[str, Any]) -> str:
    """Why a layer that can be split cannot be so by this method, or ""."""
    taken = [name for s in SUFFIXES[method] if s and (name := layer.name + s) in layers]
    return refusal_of(layer, method) or (f"a layer {taken[0]!r} is there already" if taken else "")


def _places(model: Any) -> dict[str, _Known]:
    """The layers of KINDS with what they read and write; of several uses, the first one's sizes."""
    found: dict[str, _Known] = {}
    for call in calls(model):
        if call.kind in KINDS and call.name not in found:
            place = Place(
                np.asarray(call.operation.kernel),
                _sizes(call.inputs[0]),
                _sizes(call.outputs[0]),
                call.times,
            )
            found[call.name] = _Known(call.operation, place)
    return found


def _sizes(tensor: Any) -> tuple[int, ...]:
    return tuple(size or 1 for size in tensor.shape[1:-1])


def _ranks_detail(chosen: Mapping[str, Choice]) -> dict[str, Plain]:
    def plain(ranks: tuple[int, ...]) -> Any:
        return ranks[0] if len(ranks) == 1 else list(ranks)

    return {
        "ranks": {name: [plain(c.ranks), plain(c.full)] for name, c in chosen.items()},
        "methods": {name: c.method for name, c in chosen.items()},
        "lost": {name: round(c.lost, 6) for name, c in chosen.items()},
    }
