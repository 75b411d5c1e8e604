"""Damaged copies of files and texts: seeded, so that what fails once fails again."""

import json
import random
import struct
from collections.abc import Iterator
from typing import Any

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)
"""Values at which sizes, offsets and indices turn into something else."""


def damaged(content: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` copies of a content, each wrong in one to four places."""
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        copy = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice(_WAYS)(copy, chance)
        yield bytes(copy)


def _flip(copy: bytearray, chance: random.Random) -> None:
    if copy:
        copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)


def _set(copy: bytearray, chance: random.Random) -> None:
    if copy:
        copy[chance.randrange(len(copy))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x5B, 0x22))


def _number(copy: bytearray, chance: random.Random) -> None:
    """Another number where one may stand: four bytes, little endian."""
    if len(copy) >= 8:
        place = 4 * chance.randrange(len(copy) // 4)
        copy[place : place + 4] = struct.pack("<I", chance.choice(_NUMBERS))[: len(copy) - place]


def _cut(copy: bytearray, chance: random.Random) -> None:
    del copy[chance.randrange(len(copy) + 1) :]


def _remove(copy: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(copy) + 1)
    del copy[place : place + chance.randrange(1, 64)]


def _repeat(copy: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(copy) + 1)
    copy[place:place] = copy[place : place + chance.randrange(1, 64)]


def _move(copy: bytearray, chance: random.Random) -> None:
    """A piece of the content over another."""
    size = chance.randrange(1, 32)
    here, there = (chance.randrange(len(copy) + 1) for _ in range(2))
    copy[there : there + size] = copy[here : here + size]


_WAYS = (_flip, _flip, _set, _set, _number, _number, _cut, _remove, _repeat, _move)


def altered(value: Any, count: int, seed: int = 0) -> Iterator[Any]:
    """`count` copies of a plain value (as JSON has it), each with one to three odd places."""
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        copy = json.loads(json.dumps(value))
        for _ in range(chance.choice((1, 1, 2, 3))):
            places = list(_places(copy))
            if places:
                holder, key = chance.choice(places)
                _alter(holder, key, chance)
        yield copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and under which key or number."""
    pending = [value]
    while pending:
        holder = pending.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            yield holder, key
            if isinstance(holder[key], dict | list):
                pending.append(holder[key])


def _alter(holder: Any, key: Any, chance: random.Random) -> None:
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case 2:
            holder[key] = [holder[key]]
        case 3 if isinstance(holder[key], int | float):
            holder[key] = -holder[key]
        case _:
            holder[key] = json.loads(json.dumps(chance.choice(ODD)))


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.5, 1e308, 1e-308),
    *(float("nan"), float("inf"), "", "x", "x" * 5000, "\x00", "\ud800", "../x", "a\nb", "ünï"),
    *([], {}, [[]], [{}], {"": None}, ["x"], [0], [None] * 300, {"class_name": "Dense"}),
)
"""Values that are seldom where another is expected."""
