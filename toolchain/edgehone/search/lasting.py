"""What training does not give back: a table of losses made monotone, and weighed by what is left.

A model is trained again once it is cut, and what one cut loses before that is mostly regained. What
stays is that fewer weights can learn less (Liu et al. 2019, "Rethinking the value of network
pruning"). Over candidates that were trained and measured, of a residual and of a depthwise
separable network, losses alone ranked the drops hardly better than chance; with this part as well,
they did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgehone import precisions
from edgehone.search.decisions._base import Decision
from edgehone.search.plan import Losses, Option, Row
from edgehone.search.space import Space

LASTING_WEIGHT = 3.0
"""How much what is left counts for, in sum over the ends of all ladders, beside the losses before
training."""


def prepared(measured: Mapping[str, Mapping[str, Row]], space: Space) -> Losses:
    """The losses of a space: as measured of the untrained cuts, never falling along a ladder, and
    beside them what training does not give back, on the scale of those.
    """
    table = {
        decision.NAME: {
            subject: rising(_downwards(decision, subject), row)
            for subject, row in measured.get(decision.NAME, {}).items()
        }
        for decision in space.decisions
    }
    kept = {name: rows for name, rows in table.items() if name in measured}
    return Losses(kept, _lasting(space, kept))


def rising(ladder: Sequence[Option], row: Row) -> dict[Option, float]:
    """The row that is nearest to this one in the mean square and never falls along the ladder.
    Isotonic regression by pooling adjacent violators (Barlow et al. 1972); options that are not on
    the ladder stay as they are.
    """
    options = [option for option in ladder if option in row]
    pools: list[tuple[float, int]] = []
    for option in options:
        pools.append((row[option], 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (low, n), (high, m) = pools[-2:]
            pools[-2:] = [((low * n + high * m) / (n + m), n + m)]
    values = np.repeat([value for value, _ in pools], [count for _, count in pools]).tolist()
    return {**row, **dict(zip(options, values, strict=True))}


def _downwards(decision: Decision, subject: str) -> Sequence[Option]:
    """Options from the one that takes least away; precisions by their bits."""
    options = decision.ladder(subject)
    if not all(isinstance(each, str) and each in precisions.names() for each in options):
        return options
    known = {each: precisions.named(str(each)) for each in options}
    return sorted(options, key=lambda p: (-known[p].weight_bits, -known[p].activation_bits))


def _lasting(space: Space, table: Mapping[str, Mapping[str, Row]]) -> dict[str, dict[str, Row]]:
    shares: dict[str, dict[str, Row]] = {}
    before = 0.0
    for decision in space.decisions:
        rows = {
            subject: {option: max(decision.taken(subject, option), 0.0) for option in options}
            for subject, options in decision.subjects.items()
        }
        shares[decision.NAME] = {subject: row for subject, row in rows.items() if any(row.values())}
        measured = table.get(decision.NAME, {})
        before += sum(_end(measured.get(subject, {})) for subject in shares[decision.NAME])
    after = sum(_end(row) for rows in shares.values() for row in rows.values())
    scale = LASTING_WEIGHT * before / after if after else 0.0
    return {
        technique: {
            subject: {option: scale * share for option, share in row.items()}
            for subject, row in rows.items()
        }
        for technique, rows in shares.items()
        if rows and scale
    }


def _end(row: Row) -> float:
    return max(row.values(), default=0.0)


def without(losses: Losses, technique: str) -> Losses:
    """The losses without what training does not give back of one technique."""
    return replace(losses, lasting={n: r for n, r in losses.lasting.items() if n != technique})
