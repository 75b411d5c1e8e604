"""What to know of exported files beside their numbers, in sentences: `export` and `compress`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgehone import precisions
from edgehone.formats._base import LEAN
from edgehone.report import numbers
from edgehone.values import Plain

_NAMED = 4
"""How many layers a sentence names before it counts the rest."""


def remarks(artifact: Plain) -> list[str]:
    """Sentences about one file: what it could not have, what stays float and why, its worst column,
    whether it is larger than the float file, and why it is not repacked.
    """
    found = [*otherwise(artifact), _kept(artifact), _islands(artifact)]
    found += [_worst(artifact), _poor(artifact), _larger(artifact), _unpacked(artifact)]
    return [sentence for sentence in found if sentence]


def otherwise(artifact: Plain) -> list[str]:
    """Which layers could not have the precision, the algorithm or the blocks that were asked for,
    a sentence of each kind.
    """
    sentences = []
    for found in (artifact["audit"].get(key) for key in ("refused", "stand_ins")):
        if found:
            first, reason = next(iter(found.items()))
            more = len(found) - 1
            others = f", and {more} more {'layer' if more == 1 else 'layers'} for such reasons"
            sentences.append(f"{_file(artifact)}: {first}: {reason}{others if more else ''}.")
    return sentences


def warnings(artifacts: Sequence[Plain]) -> list[str]:
    """A sentence for each file that no longer computes what its model does."""
    return [
        f"WARNING: {_file(each)} is wrecked: {each['parity']['reason']}{_accuracies(each)}. "
        "Do not use it."
        for each in artifacts
        if _verdict(each) == "wrecked"
    ]


def accuracy_of_model(artifacts: Sequence[Plain]) -> str:
    """The float model's own accuracy on the labels of the data, in a sentence; or ""."""
    found = [(each["parity"] or {}).get("accuracy") for each in artifacts]
    known = next((each for each in found if each), None)
    if not known:
        return ""
    return f"Accuracy of the model itself: {numbers.percent(known['float']).strip()}."


def file_accuracy(parity: Plain) -> str:
    """A file's accuracy as the table has it."""
    found = parity.get("accuracy")
    return numbers.percent(found["file"]) if found else ""


def _verdict(artifact: Plain) -> str:
    """The verdict on a file; on random numbers labels mean little, and only such a file as gives
    no numbers at all is called anything.
    """
    parity = artifact.get("parity") or {}
    if parity.get("data") == "random numbers" and parity.get("max_error") is not None:
        return ""
    return str(parity.get("verdict", ""))


def _file(artifact: Plain) -> str:
    """A file's name; the table says where it is."""
    return Path(artifact["path"]).name


def _accuracies(artifact: Plain) -> str:
    found = artifact["parity"].get("accuracy")
    if not found:
        return ""
    before, after = (numbers.percent(found[key]).strip() for key in ("float", "file"))
    return f"; accuracy {before} in float, {after} in this file"


def _kept(artifact: Plain) -> str:
    """What stays float in spite of the precision that was asked for, by reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in (artifact["audit"].get("kept_float") or {}).items():
        reasons.setdefault(reason, []).append(name)
    text = "; ".join(f"{_names(names)}: {reason}" for reason, names in reasons.items())
    return f"{_file(artifact)} keeps float32 at {text}." if text else ""


def _islands(artifact: Plain) -> str:
    """Operators that compute in float in a file that is called one of integers."""
    if artifact["precision"].split("+")[0] not in precisions.static():
        return ""
    audit = artifact["audit"]
    floats = [layer["name"] for layer in audit["float_layers"]]
    if not floats:
        return ""
    total = sum(audit["operators"].values())
    text = f"{len(floats)} of {total} operators compute in float"
    return f"{_file(artifact)}: {text}: {_names(floats)}."


def _worst(artifact: Plain) -> str:
    """The column that fares worst, where there are several."""
    parity = artifact["parity"] or {}
    worst = parity.get("worst")
    if not worst or worst["snr_db"] is None or "numbers" not in parity.get("kinds", ()):
        return ""
    several = worst["of"] > 1 or len(parity["kinds"]) > 1
    if not several or artifact["precision"] == precisions.FLOAT32:
        return ""
    from edgehone.formats._columns import place

    which = place(worst["column"], worst.get("axis", -1))
    column = f"{which} of {worst['of']}" if worst["of"] > 1 else ""
    text = f"output {parity['names'][worst['output']]!r}"
    where = f"{column} of {text}" if column else text
    return f"{_file(artifact)}: the SNR is that of the worst column, {where}."


def _poor(artifact: Plain) -> str:
    parity = artifact["parity"] or {}
    if _verdict(artifact) != "poor":
        return ""
    return f"{_file(artifact)}: {parity['reason']}{_accuracies(artifact)}."


def _larger(artifact: Plain) -> str:
    """That a file is larger than the float one, and what would be smaller."""
    before = artifact["audit"].get("float_size_bytes")
    if (
        before is None
        or artifact["size_bytes"] <= before
        or artifact["precision"] == precisions.FLOAT32
    ):
        return ""
    text = (
        f"{_file(artifact)} has {artifact['size_bytes']:,} bytes and is larger than the float32 "
        f"file ({before:,})"
    )
    smaller = artifact.get("smaller")
    if not smaller:
        return f"{text}."
    return f"{text}; with precision {smaller['precision']} it has {smaller['size_bytes']:,} bytes."


def _unpacked(artifact: Plain) -> str:
    """Why a file is not repacked, where it could be smaller."""
    reason = (artifact["audit"].get("repacked") or {}).get("reason", "")
    if reason in ("", LEAN):
        return ""
    return f"{_file(artifact)} is not repacked: {reason}."


def _names(names: Sequence[Any]) -> str:
    more = len(names) - _NAMED
    return ", ".join(map(str, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")
