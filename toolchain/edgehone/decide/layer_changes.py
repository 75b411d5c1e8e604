"""What differs between the layers of two files, in words, and what to try. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.units import MINUS, in_unit, quantity, signed
from edgehone.values import Plain

TILE = 8
"""Channels that kernels compute together: counts that are no multiple leave lanes idle."""

FLOATS = ("float32", "float16")

Layer = Plain
"""A layer as `Format.anatomy` has it, with "instructions" and "ms" where they were measured."""

MEASURES = ("bytes", "macs", "instructions", "ms")
"""What a layer costs, in the file and where it runs."""


@dataclass(frozen=True)
class Change:
    """One layer before and after; None where there is none."""

    before: Layer | None
    after: Layer | None
    label: str

    def of(self, measure: str) -> tuple[float | None, float | None]:
        """A cost before and after; 0 where there is no such layer, None where it is not known."""
        old, new = (
            0.0 if each is None else each.get(measure) for each in (self.before, self.after)
        )
        return old, new

    def added(self, measure: str) -> float:
        """By how much a cost grew; 0 where that is not known."""
        old, new = self.of(measure)
        return 0.0 if old is None or new is None else float(new) - float(old)

    @property
    def differs(self) -> bool:
        """Whether anything of it changed."""
        if self.before is None or self.after is None:
            return True
        keys = ("operator", "type", "channels", "bytes", "macs", "spec")
        return any(self.before.get(key) != self.after.get(key) for key in keys)


def changes(before: Sequence[Layer], after: Sequence[Layer]) -> list[Change]:
    """Layers that differ, in the order of the new file: matched by name where most names are in
    both files, else by the order of their operators.
    """
    pairs = _by_name(before, after) or _by_order(before, after)
    found = [Change(old, new, _label(old, new, number)) for number, (old, new) in enumerate(pairs)]
    return [each for each in found if each.differs]


def documented(change: Change) -> dict[str, Any]:
    """The change as JSON can hold it, with its sentence and what to try."""
    pairs = {measure: list(change.of(measure)) for measure in MEASURES}
    return {
        "layer": change.label,
        "change": "added"
        if change.before is None
        else "removed"
        if change.after is None
        else "changed",
        **{key: pair for key, pair in pairs.items() if pair != [None, None]},
        "text": sentence(change),
        "try": advice(change),
    }


def sentence(change: Change) -> str:
    """Such as: conv3 +18 % instructions, +9.2 KiB: 24 -> 26 channels leaves the multiple of 8."""
    costs = [text for measure in MEASURES[::-1] if (text := _cost(change, measure))]
    causes = _causes(change)
    if not costs:
        return f"{change.label}: {'; '.join(causes) or 'costs the same'}"
    text = f"{change.label} {', '.join(costs)}"
    return f"{text}: {'; '.join(causes)}" if causes else text


def advice(change: Change) -> str:
    """What to try; "" where nothing in particular."""
    old, new = change.before, change.after
    if new is None:
        return ""
    if new["type"] in FLOATS and old is not None and old["type"] not in FLOATS:
        return f"export it in integers again: `edgehone inspect` says why {change.label} is float"
    off = _off_tile(new)
    if off is not None and (old is None or _off_tile(old) is None):
        down, up = off - off % TILE, off - off % TILE + TILE
        return f"{down or up} channels" if not down else f"{down} or {up} channels"
    if old is None and change.added("bytes") > 0:
        return f"remove {change.label}, or prune the channels that it reads"
    if change.added("bytes") > 0 or change.added("macs") > 0:
        return f"prune the channels of {change.label}, or take its earlier shape"
    return ""


def _cost(change: Change, measure: str) -> str:
    """How a cost changed, in words; "" where it did not, or is not known."""
    old, new = change.of(measure)
    if old is None or new is None or old == new:
        return ""
    added = float(new) - float(old)
    if measure == "bytes":
        return f"{'+' if added > 0 else MINUS}{in_unit(abs(added), 'bytes')}"
    named = {"macs": "MACs", "instructions": "instructions", "ms": "time"}[measure]
    if not old:
        amount = (
            quantity("latency_p50_ms", float(new)) if measure == "ms" else in_unit(new, "count")
        )
        return f"+{amount}" if measure == "ms" else f"+{amount} {named}"
    share = 100 * added / float(old)
    return f"{signed(share, 0 if abs(share) >= 10 else 1, plus=True)} % {named}"


def _causes(change: Change) -> list[str]:
    old, new = change.before, change.after
    if old is None or new is None:
        return ["a new layer" if old is None else "removed"]
    found = []
    if old["operator"] != new["operator"]:
        found.append(f"{old['operator']} -> {new['operator']}")
    if old["type"] != new["type"]:
        found.append(f"{old['type']} -> {new['type']}")
    found += _channels(old, new)
    return [*found, *_shapes(old, new)]


def _channels(old: Layer, new: Layer) -> list[str]:
    if not old.get("channels") or not new.get("channels"):
        return []
    (old_in, old_out), (new_in, new_out) = old["channels"], new["channels"]
    found = []
    if old_in != new_in:
        found.append(f"reads {old_in} -> {new_in} channels{_leaving(old_in, new_in)}")
    if old_out != new_out:
        found.append(f"{old_out} -> {new_out} channels{_leaving(old_out, new_out)}")
    return found


def _leaving(old: int, new: int) -> str:
    if old % TILE == 0 and new % TILE:
        return f" leaves the multiple of {TILE}"
    return f" is a multiple of {TILE} again" if old % TILE and new % TILE == 0 else ""


def _shapes(old: Layer, new: Layer) -> list[str]:
    before, after = old.get("spec"), new.get("spec")
    if before is None or after is None:
        return []
    pairs = {
        "kernel": (before.kernel, after.kernel),
        "strides": (before.strides, after.strides),
        "input": ((before.height, before.width), (after.height, after.width)),
    }
    return [
        f"{name} {was[0]}x{was[1]} -> {now[0]}x{now[1]}"
        for name, (was, now) in pairs.items()
        if was != now
    ]


def _off_tile(layer: Layer) -> int | None:
    """The channels that it writes, where they are no multiple of the tile."""
    channels = layer.get("channels")
    return channels[1] if channels and channels[1] % TILE else None


def _label(old: Layer | None, new: Layer | None, number: int) -> str:
    layer: Mapping[str, Any] = new or old or {}
    name = str(layer.get("name") or "")
    return name.partition(";")[0] or f"{layer.get('operator')} #{number + 1}"


def _by_name(
    before: Sequence[Layer], after: Sequence[Layer]
) -> list[tuple[Layer | None, Layer | None]]:
    old = {str(layer["name"]): layer for layer in before if layer["name"]}
    new = {str(layer["name"]): layer for layer in after if layer["name"]}
    shared = old.keys() & new.keys()
    unique = len(old) == len(before) and len(new) == len(after)
    if not unique or 2 * len(shared) < max(len(old), len(new)):
        return []
    gone = [(layer, None) for name, layer in old.items() if name not in new]
    return [*((old.get(name), layer) for name, layer in new.items()), *gone]


def _by_order(
    before: Sequence[Layer], after: Sequence[Layer]
) -> list[tuple[Layer | None, Layer | None]]:
    """Layers aligned so that as many as possible are alike, in their order. Needleman & Wunsch
    1970, with nothing to pay for gaps.
    """
    best = _scores(before, after)
    found: list[tuple[Layer | None, Layer | None]] = []
    row, column = 0, 0
    while row < len(before) and column < len(after):
        likeness = _likeness(before[row], after[column])
        if likeness and best[row][column] == likeness + best[row + 1][column + 1]:
            found.append((before[row], after[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            found.append((before[row], None))
            row += 1
        else:
            found.append((None, after[column]))
            column += 1
    found += [(layer, None) for layer in before[row:]]
    return [*found, *((None, layer) for layer in after[column:])]


def _scores(before: Sequence[Layer], after: Sequence[Layer]) -> list[list[int]]:
    """How alike the best alignment of the layers from (row, column) on is."""
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for row in range(len(before) - 1, -1, -1):
        for column in range(len(after) - 1, -1, -1):
            paired = _likeness(before[row], after[column])
            paired += best[row + 1][column + 1] if paired else 0
            best[row][column] = max(paired, best[row + 1][column], best[row][column + 1])
    return best


def _likeness(old: Layer, new: Layer) -> int:
    """0 for layers that are never the same one, more the more of them is equal."""
    if old["operator"] != new["operator"]:
        return 0
    equal = [key for key in ("channels", "bytes", "type") if old.get(key) == new.get(key)]
    return 4 + len(equal)
