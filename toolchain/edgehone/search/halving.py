"""Successive halving: many candidates trained for a part of the epochs, the best one in full."""

from collections.abc import Sequence

STARTERS = 4
"""How many candidates begin: with half of them left in every turn, they cost as much as two."""


def starters(members: int, epochs: int) -> int:
    """How many of these members begin, where one candidate is trained for so many epochs: a power
    of two, so that no turn is shorter than an epoch; 1: nothing is to be halved.
    """
    most = min(members, epochs, STARTERS)
    return 1 << (most.bit_length() - 1) if most > 0 else 0


def turns(count: int, epochs: int) -> tuple[int, ...]:
    """Further epochs by turn for `count` members, a power of two: each turn doubles what those that
    are left were trained for, up to all epochs (Jamieson & Talwalkar 2016).
    """
    number = count.bit_length() - 1
    reached = [max(epochs >> (number - turn), 1) for turn in range(number)] + [epochs]
    return tuple(b - a for a, b in zip([0, *reached], reached, strict=False))


def better_half(scores: Sequence[float]) -> list[int]:
    """Indices of the better half of the members, in their order; the first of equals. A score is
    the higher the better.
    """
    ranked = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    return sorted(ranked[: len(scores) // 2])


def worth(count: int, epochs: int) -> int:
    """How many candidates trained in full cost as much as halving `count` does, rounded up."""
    spent = sum((count >> turn) * each for turn, each in enumerate(turns(count, epochs)))
    return -(-spent // epochs)
