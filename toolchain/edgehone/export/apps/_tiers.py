"""Tiers of devices as Google Play has them: names, selectors, and which tier a device falls into.

A tier is written NAME=CHOICE:CONDITION[,CONDITION], `low=smallest:ram<4GiB` say. The model that a
kit is made of anyway is the one for every other device, so there is no default to forget, and the
order of the tiers is their priority, as Play serves the first group that a device matches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.errors import UsageError

OTHER = "other"
"""Play's own group of the devices that match no other; nobody may define it."""

SYNTAX = "Write NAME=CHOICE:CONDITION, such as 'low=smallest:ram<4GiB'."

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,63}")
_RAM = re.compile(r"ram(<=|<|>=|>)(\d{1,9}(?:\.\d{1,6})?)(GiB|GB|MiB|MB)")
_UNITS = {"GiB": 1 << 30, "GB": 10**9, "MiB": 1 << 20, "MB": 10**6}
_WORD = re.compile(r"[A-Za-z0-9_.+()&#-]+(?: [A-Za-z0-9_.+()&#-]+)*")
_LARGEST = 1 << 50


@dataclass(frozen=True)
class Selector:
    """Devices that have all of it: ram: bytes from `low` and below `high` (None: no bound), one of
    `devices` (brand, and model code or "") and one of `chips` (maker, model); (): any.
    """

    low: int = 0
    high: int | None = None
    devices: tuple[tuple[str, str], ...] = ()
    chips: tuple[tuple[str, str], ...] = ()

    def covers(self, other: "Selector") -> bool:
        """Whether it selects every device that the other one does."""
        ram = self.low <= other.low and (
            self.high is None or (other.high is not None and other.high <= self.high)
        )
        return ram and _named(self.devices, other.devices) and _named(self.chips, other.chips)


@dataclass(frozen=True)
class Wanted:
    """A tier as the user names it; choice: which model it gets. selector: None of OTHER alone."""

    name: str
    choice: str
    selector: Selector | None


def wanted(texts: Sequence[str]) -> tuple[Wanted, ...]:
    """The tiers in the order of their priority. Raises UsageError for what Play would refuse, and
    for a tier that no device could fall into.
    """
    found = tuple(_wanted(text) for text in texts)
    for place, each in enumerate(found):
        for other in found[:place]:
            if each.name.lower() == other.name.lower():
                raise UsageError(
                    f"The tiers {other.name!r} and {each.name!r} have one name, and some disks do "
                    "not tell capitals apart.",
                    "Give each tier a name of its own.",
                )
    _require_reachable([each for each in found if each.selector is not None])
    return found


def _wanted(text: str) -> Wanted:
    name, sign, rest = text.partition("=")
    choice, colon, conditions = rest.rpartition(":")
    if not colon:
        choice, conditions = rest, ""
    name, choice = name.strip(), choice.strip()
    if not (sign and choice):
        raise UsageError(f"{text!r} is not a tier.", SYNTAX)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a tier on Google Play.",
            "Begin with a letter, and take letters, digits and underscores alone.",
        )
    if name.lower() == OTHER:
        if colon or name != OTHER:
            raise UsageError(
                f"The tier {name!r} has a condition or is spelled otherwise, and 'other' is Google "
                "Play's name for all devices that match no tier.",
                f"Write {OTHER}={choice}, or take another name.",
            )
        return Wanted(OTHER, choice, None)
    if not conditions.strip():
        raise UsageError(
            f"Tier {name!r} has no condition.",
            f"{SYNTAX} Devices that match no tier get the kit's own model; {OTHER}=CHOICE says "
            "which instead.",
        )
    return Wanted(name, choice, _selector(name, conditions.split(",")))


def _selector(name: str, conditions: Sequence[str]) -> Selector:
    low, high = 0, None
    devices: list[tuple[str, str]] = []
    chips: list[tuple[str, str]] = []
    for text in conditions:
        key, _, value = text.strip().partition("=")
        if ram := _RAM.fullmatch(text.strip().replace(" ", "")):
            at = round(float(ram[2]) * _UNITS[ram[3]])
            if ram[1] in (">=", ">"):
                low = max(low, at + (ram[1] == ">"))
            else:
                bound = at + (ram[1] == "<=")
                high = bound if high is None else min(high, bound)
        elif key == "device" and (pair := _pair(value)):
            devices.append(pair)
        elif key == "soc" and (pair := _pair(value)) and pair[1]:
            chips.append(pair)
        else:
            raise UsageError(
                f"Unknown condition {text.strip()!r} of tier {name!r}.",
                "Known: ram<4GiB (also <=, >, >=; GB, MiB, MB), device=BRAND/CODE, device=BRAND, "
                "soc=MAKER/MODEL.",
            )
    if low > _LARGEST or (high is not None and high <= low):
        raise UsageError(
            f"No device has the memory that tier {name!r} asks for: from {low:,} bytes"
            + (f" to less than {high:,}." if high is not None else "."),
            "Check the conditions on ram.",
        )
    return Selector(low, high, tuple(dict.fromkeys(devices)), tuple(dict.fromkeys(chips)))


def _pair(text: str) -> tuple[str, str] | None:
    """BRAND/CODE, or BRAND alone; None: neither."""
    first, sign, second = text.partition("/")
    if not _WORD.fullmatch(first) or (sign and not _WORD.fullmatch(second)):
        return None
    return first, second


def _named(these: tuple[tuple[str, str], ...], those: tuple[tuple[str, str], ...]) -> bool:
    """Whether all that those select are among these; a brand has all its devices."""
    if not these:
        return True
    return bool(those) and all(each in these or (each[0], "") in these for each in those)


def _require_reachable(tiers: Sequence[Wanted]) -> None:
    """Refuse a tier whose devices all fall into those before it."""
    for place, each in enumerate(tiers):
        before = [tier for tier in tiers[:place] if tier.selector is not None]
        assert each.selector is not None  # noqa: S101 - sorted out by the caller
        hiding = [t.name for t in before if t.selector and t.selector.covers(each.selector)]
        if not hiding and _by_memory([t.selector for t in before if t.selector], each.selector):
            hiding = [tier.name for tier in before]
        if hiding:
            raise UsageError(
                f"No device falls into tier {each.name!r}: all that it selects match "
                f"{', '.join(map(repr, hiding))} before it.",
                "Put the narrower tier first, or change its conditions.",
            )


def _by_memory(before: Sequence[Selector], one: Selector) -> bool:
    """Whether tiers on memory alone together have all the memory sizes of one."""
    alone = [each for each in before if not (each.devices or each.chips)]
    reached = one.low
    for each in sorted(alone, key=lambda each: each.low):
        if each.low > reached:
            return False
        if each.high is None:
            return True
        reached = max(reached, each.high)
        if one.high is not None and reached >= one.high:
            return True
    return False
