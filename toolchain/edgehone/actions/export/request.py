"""Reads what `export` is asked in words into an order, and refuses what nothing could come of."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from edgehone import formats as known_formats
from edgehone import precisions as known_precisions
from edgehone.actions.export.making import Request
from edgehone.errors import UsageError
from edgehone.export.conversion import FORMS
from edgehone.export.requirements import check_known
from edgehone.system import references
from edgehone.system.settings import CALIBRATION, FLOAT_WORST, REQUIRE_PARITY


def formats(text: str | None, model: str = "") -> tuple[str, ...]:
    """The formats of a list such as "tflite,onnx", each once; without one, that of the model if it
    is a finished file, else the usual one. Raises UsageError for unknown ones.
    """
    if text is None:
        finished = known_formats.of_suffix(Path(model))
        return (finished.name if finished else known_formats.USUAL,)
    found = _listed("format", text, known_formats.names())
    for name in found:
        known_formats.load(name)
    return found


def precisions(text: str) -> tuple[str, ...]:
    """The precisions of a list such as "int8,float16", each once. Raises UsageError for unknown
    ones.
    """
    found = _listed("precision", text, known_precisions.names())
    for name in found:
        known_precisions.named(name)
    return found


def _listed(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """What stands between commas, each once. Raises UsageError for nothing."""
    found = tuple(dict.fromkeys(references.split(text)))
    if not found:
        raise UsageError(f"--{option} names nothing.", f"Known: {', '.join(known)}.")
    return found


def batch(text: str) -> int | None:
    """The batch of "1", "8" or "free" (None). Raises UsageError."""
    if text == "free":
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{text!r} is not a batch.", "Give a number from 1 on, or free.")
    return int(text)


def form(text: str) -> str:
    """The form of recurrent layers. Raises UsageError for an unknown one."""
    if text not in FORMS:
        raise UsageError(f"{text!r} is not a form.", f"Known: {', '.join(FORMS)}.")
    return text


def require_data(order: Request, known: str | None = None) -> None:
    """Refuse an order for what only data can give, without data: UsageError. known: the project's
    own data, which the hint names.
    """
    check_known(order.require)
    if order.calibration is not None:
        return
    option = CALIBRATION.given(shlex.quote(known) if known else "DATA")
    if order.parity is not None:
        raise UsageError(f"{REQUIRE_PARITY} needs data.", f"Give them: {option}.")
    if order.bits.float_worst:
        raise UsageError(f"{FLOAT_WORST} needs data.", f"Give them: {option}.")
    static = [name for name in order.precisions if known_precisions.named(name).static]
    if static:
        hint = f"Give typical inputs, {option}, or choose dynamic8."
        raise UsageError(f"{static[0]} needs calibration data.", hint)
