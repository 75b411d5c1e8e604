"""What a Keras model may not have if it is to run on devices, whichever command it is given to."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edgehone import formats
from edgehone.errors import ConversionError
from edgehone.graph.wiring import calls
from edgehone.system.settings import BATCH

TEXT_LAYERS = ("HashedCrossing", "Hashing", "StringLookup", "TextVectorization")
"""Keras's layers that compute with text; Hashing turns numbers into text first."""


def require_supported(model: Any, source: str, *, batch: int | None = 1) -> None:
    """Refuse a Keras model that cannot run on devices: ConversionError.

    batch: samples a run of its file takes; a model that was built for exactly so many is let pass.
    """
    for refusal in refusals(model, source, batch=batch):
        raise refusal


def require_single(model: Any, source: str) -> None:
    """Refuse a Keras model that cannot be trained and run on devices, as one of several inputs or
    outputs: ConversionError.
    """
    for what, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            names = ", ".join(str(tensor.name) for tensor in tensors)
            raise ConversionError(
                f"Model {source!r} has {len(tensors)} {what} ({names}), and only one can be used.",
                "Build a model with one input and one output of it: keras.Model(input, output).",
            )
    require_supported(model, source, batch=None)


def require_formats(model: Any, forms: Sequence[str]) -> None:
    """Refuse a model with a layer that none of these formats can hold: ConversionError."""
    for refusal in formats_refusal(model, forms):
        raise refusal


def formats_refusal(model: Any, forms: Sequence[str]) -> list[ConversionError]:
    """The first format's refusal when none of these formats can hold the model; else nothing."""
    found = [next(_no_operator(model, form), None) for form in forms]
    first = found[0] if found else None
    return [] if first is None or None in found else [first]


def refusals(model: Any, source: str, *, batch: int | None = 1) -> Iterator[ConversionError]:
    """Everything that keeps a Keras model off devices, in whatever format."""
    yield from _text(model, source)
    state = list(_state(model, source))
    yield from state or _fixed_batch(model, source, batch)
    yield from _free_size(model, source)


def _text(model: Any, source: str) -> Iterator[ConversionError]:
    taking = [_name(tensor) for tensor in model.inputs if _is_text(tensor)]
    if taking:
        yield _takes_text(model, source, taking)
        return
    giving = [_name(tensor) for tensor in model.outputs if _is_text(tensor)]
    if giving:
        yield ConversionError(
            f"Model {source!r} gives text (layer {giving[0]!r}), and the runtimes of devices have "
            "no layers for text.",
            f"Cut the model before {giving[0]!r}, and let the app find the text by its number.",
        )
        return
    for layer in _layers(model, lambda layer: type(layer).__name__ in TEXT_LAYERS):
        yield ConversionError(
            f"Layer {layer.name!r} ({type(layer).__name__}) of model {source!r} works on text, and "
            "the runtimes of devices have no such layer.",
            "Do this step in the app: leave the layer out, or build a model that begins after it.",
        )


def _takes_text(model: Any, source: str, inputs: Sequence[str]) -> ConversionError:
    behind = [
        call
        for call in calls(model)
        if any(map(_is_text, call.inputs)) and not any(map(_is_text, call.outputs))
    ]
    start = f"Model {source!r} takes text (input {', '.join(map(repr, inputs))})"
    if not behind:
        return ConversionError(
            f"{start}, and the runtimes of devices have no layers for text.",
            "Turn text into token numbers in the app, and build a model that takes these.",
        )
    names = ", ".join(f"{call.name!r} ({type(call.operation).__name__})" for call in behind)
    takes = ", ".join(f"{t.dtype} {_shape(t)}" for call in behind for t in call.outputs)
    return ConversionError(
        f"{start}, and the runtimes of devices have no such layer as {names}.",
        f"Cut the model behind {', '.join(repr(call.name) for call in behind)}, with "
        "keras.Model(layer.output, model.outputs), and give it the token numbers that the layer "
        f"makes ({takes}); the app makes them of the text.",
    )


def _state(model: Any, source: str) -> Iterator[ConversionError]:
    for layer in _layers(model, lambda layer: getattr(layer, "stateful", False) is True):
        yield ConversionError(
            f"Layer {layer.name!r} of model {source!r} keeps its state from one call to the next, "
            "and files do not.",
            "Build it with stateful=False, and make its state an input and an output.",
        )


def _free_size(model: Any, source: str) -> Iterator[ConversionError]:
    for tensor in model.inputs:
        if None in _shape(tensor):
            yield ConversionError(
                f"Input {_name(tensor)!r} of model {source!r} has no fixed size: {_shape(tensor)}.",
                "Build the model with a fixed input shape; devices run one shape.",
            )


def _fixed_batch(model: Any, source: str, batch: int | None) -> Iterator[ConversionError]:
    for tensor in model.inputs:
        built = tensor.shape[0]
        if built is not None and built != batch:
            yield ConversionError(
                f"Input {_name(tensor)!r} of model {source!r} was built for a batch of {built}, "
                "and its layers need it.",
                "Build the model with keras.Input(shape), without batch_shape or batch_size; as "
                f"it is it can be exported with {BATCH.set(built)}.",
            )


def _no_operator(model: Any, form: str) -> Iterator[ConversionError]:
    reasons = formats.load(form).MISSING_LAYERS
    for layer in _layers(model, lambda layer: type(layer).__name__ in reasons):
        kind = type(layer).__name__
        yield ConversionError(
            f"Layer {layer.name!r} ({kind}) cannot become {form}: {reasons[kind]}.",
            "Do this step before the model: export a model that begins after the layer.",
        )


def _layers(model: Any, wanted: Callable[[Any], bool]) -> list[Any]:
    """The model's own layers that are so, or have one inside (in a wrapper, as a cell) that is."""
    return [layer for layer in model.layers if any(map(wanted, layer._flatten_layers()))]


def _is_text(tensor: Any) -> bool:
    return str(tensor.dtype) == "string"


def _name(tensor: Any) -> str:
    return str(tensor._keras_history.operation.name)


def _shape(tensor: Any) -> tuple[int | None, ...]:
    """The shape of one sample."""
    return tuple(tensor.shape[1:])
