"""Which samples a split gets: by class, at random, by group, or by time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from edgehone import units
from edgehone.errors import DataError
from edgehone.system.numbers import Array
from edgehone.system.settings import GROUP, SPLIT, TIME
from edgehone.values import NOTHING

Rule = Literal["stratified", "random", "grouped", "time"]

FEWEST_GROUPS = 3
"""One for each split."""


@dataclass(frozen=True)
class Drawing:
    """How splits are drawn that a source lacks; rule None: "grouped" where it has groups, else
    "stratified". validation, test: shares of all samples.
    """

    rule: Rule | None = None
    validation: float = 0.15
    test: float = 0.15

    def share(self, split: str) -> float:
        """The share of a split that is drawn."""
        return self.test if split == "test" else self.validation


@dataclass(frozen=True)
class Marks:
    """What samples have beside targets: (n,) the group and the time of each; None: they have
    none.
    """

    group: Array | None = None
    time: Array | None = None

    @classmethod
    def of(cls, arrays: Mapping[str, Array], suffix: str) -> "Marks":
        """Those of a split of a source."""
        return cls(arrays.get(f"group{suffix}"), arrays.get(f"time{suffix}"))

    def at(self, chosen: Array) -> "Marks":
        """Those of samples that a mask or indices choose."""
        return Marks(
            None if self.group is None else self.group[chosen],
            None if self.time is None else self.time[chosen],
        )


@dataclass(frozen=True)
class SplitSummary:
    """How samples came into splits: rule "given" where the source has all of them. counts: samples
    by split; groups: how many each has; times: the first and last of each, as texts. shared_groups:
    how many groups are in more than one split.
    """

    rule: str
    seed: int
    counts: Mapping[str, int]
    drawn: tuple[str, ...] = ()
    groups: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    times: Mapping[str, tuple[str, str]] = field(default_factory=lambda: NOTHING)
    shared_groups: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a run's document has it."""
        return {
            "rule": self.rule,
            "seed": self.seed,
            "drawn": list(self.drawn),
            "counts": dict(self.counts),
            "groups": dict(self.groups),
            "times": {name: list(ends) for name, ends in self.times.items()},
            "shared_groups": self.shared_groups,
        }


def rule_of(drawing: Drawing, marks: Marks) -> Rule:
    """How splits are drawn of samples with these marks."""
    return drawing.rule or ("stratified" if marks.group is None else "grouped")


def chosen(
    rule: Rule, share: float, seed: int, strata: Array | None, marks: Marks, n: int, source: str
) -> Array:
    """A mask (n,) of about a share of n samples, as a rule draws them; strata: (n,) equal for
    samples that are alike, such as their classes.

    Raises DataError where the samples lack what the rule needs.
    """
    if rule == "grouped":
        return _by_group(_required(marks.group, "groups", "group", source), share, seed, source)
    if rule == "time":
        return _by_time(_required(marks.time, "times", "time", source), share, source)
    return drawn(n, share, seed, strata if rule == "stratified" else None)


def drawn(n: int, share: float, seed: int, strata: Array | None) -> Array:
    """A mask (n,) of a share of n samples, drawn at random.

    strata: (n,) equal for samples that are alike, such as their classes. Samples are shuffled, then
    sorted by stratum, and every 1/share-th is drawn, so that each gives its share to within one
    sample.
    """
    shuffled = order(n, seed)
    if strata is not None:
        shuffled = shuffled[np.argsort(strata[shuffled], kind="stable")]
    count = round(share * n)
    found = np.zeros(n, dtype=bool)
    found[shuffled[((np.arange(count) + 0.5) * n / max(count, 1)).astype(int)]] = True
    return found


def order(n: int, seed: int) -> Array:
    """The numbers below n, shuffled by a seed: (n,)."""
    return np.random.default_rng(seed).permutation(n)


def summary(
    rule: str,
    seed: int,
    drawn: tuple[str, ...],
    counts: Mapping[str, int],
    marks: Mapping[str, Marks],
) -> SplitSummary:
    """What became of samples; marks: by split, of the samples that it has."""
    groups = {name: np.unique(each.group) for name, each in marks.items() if each.group is not None}
    times = {
        name: (str(each.time.min()), str(each.time.max()))
        for name, each in marks.items()
        if each.time is not None and len(each.time)
    }
    every = np.concatenate(list(groups.values())) if groups else np.empty(0)
    shared = int((np.unique(every, return_counts=True)[1] > 1).sum())
    found = {name: len(each) for name, each in groups.items()}
    return SplitSummary(rule if drawn else "given", seed, counts, drawn, found, times, shared)


def shared(found: SplitSummary, source: str) -> tuple[str, ...]:
    """A note on groups that are in more than one split; () where none is."""
    if not found.shared_groups:
        return ()
    groups = units.plural(found.shared_groups, "group")
    return (
        f"{groups} of {source} {'is' if found.shared_groups == 1 else 'are'} in more than one "
        "split, so the test says less about new ones.",
    )


def _required(values: Array | None, what: str, name: str, source: str) -> Array:
    if values is None:
        setting = GROUP if name == "group" else TIME
        raise DataError(
            f"{source} has no {what}, which {SPLIT.set('grouped' if name == 'group' else name)} "
            "needs.",
            f"Name the column of a table: {setting}; in arrays, save one called {name} that is as "
            "long as x.",
        )
    if values.ndim != 1:
        raise DataError(f"The {what} of {source} have shape {values.shape}.", "Give one a sample.")
    return values


def _by_group(group: Array, share: float, seed: int, source: str) -> Array:
    """A mask of whole groups, with about that share of the samples: groups are taken in random
    order while they bring their number nearer to it, and at least one.
    """
    names, member, sizes = np.unique(group, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise DataError(
            f"{source} has too few groups: one is left to draw a split from.",
            f"Give samples of at least {FEWEST_GROUPS} groups, or set {SPLIT.set('random')}.",
        )
    wanted, taken, picked = share * len(group), 0, np.zeros(len(names), dtype=bool)
    for number in order(len(names), seed):
        size = int(sizes[number])
        if abs(taken + size - wanted) < abs(taken - wanted):
            picked[number], taken = True, taken + size
    if not picked.any():
        picked[np.argmin(sizes)] = True
    return np.asarray(picked[member.reshape(-1)])


def _by_time(time: Array, share: float, source: str) -> Array:
    """A mask of the last samples: about that share, none of which is as early as one that is left
    out.
    """
    in_order = np.sort(time)
    first = min(len(time) - round(share * len(time)), len(time) - 1)
    found = np.asarray(time >= in_order[first])
    if found.all():  # the whole rest is of one time
        found = np.asarray(time > in_order[first])
    if not found.any():
        raise DataError(
            f"All samples of {source} that a split is drawn from have the same time.",
            f"Give times that differ, or set {SPLIT.set('random')}.",
        )
    return found
