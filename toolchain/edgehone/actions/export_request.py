"""Reads what `export` is asked in words into an order, and refuses what nothing could come of."""

from collections.abc import Sequence
from pathlib import Path

from edgehone.actions.export import Order
from edgehone.errors import UsageError
from edgehone.export.conversion import FORMATS, FORMS
from edgehone.export.requirements import check_known
from edgehone.values import PRECISIONS, STATIC


def words(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The words of a list such as "tflite,onnx", each once. Raises UsageError for unknown ones."""
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in found:
        if word not in known:
            raise UsageError(f"{word!r} is no {option}.", f"Known: {', '.join(known)}.")
    if not found:
        raise UsageError(f"--{option} names nothing.", f"Known: {', '.join(known)}.")
    return found


def formats(text: str | None, model: str) -> tuple[str, ...]:
    """The formats named, or if None tflite, or what a finished file is."""
    suffix = Path(model).suffix.lower().removeprefix(".")
    return words("format", text or (suffix if suffix in FORMATS else FORMATS[0]), FORMATS)


def precisions(text: str) -> tuple[str, ...]:
    """The precisions named."""
    return words("precision", text, PRECISIONS)


def batch(text: str) -> int | None:
    """The batch of "1", "8" or "free" (None). Raises UsageError."""
    if text == "free":
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{text!r} is no batch.", "Give a number from 1 on, or free.")
    return int(text)


def form(text: str) -> str:
    """The form of recurrent layers. Raises UsageError for an unknown one."""
    if text not in FORMS:
        raise UsageError(f"{text!r} is no form.", f"Known: {', '.join(FORMS)}.")
    return text


def require_data(order: Order) -> None:
    """Refuse an order for what only data can give, without data: UsageError."""
    check_known(order.require)
    if order.calibration is not None:
        return
    if order.parity is not None:
        raise UsageError("--require-parity needs data.", "Give it with --calibration DATA.")
    if order.bits.float_worst:
        raise UsageError("--float-worst needs data.", "Give it with --calibration DATA.")
    static = [precision for precision in order.precisions if precision in STATIC]
    if static:
        hint = "Give typical inputs with --calibration DATA, or choose dynamic8."
        raise UsageError(f"{static[0]} needs calibration data.", hint)
