"""A Keras model written as the content of a float file, by a format's converter."""

from functools import partial
from typing import Any

from edgehone.errors import ConversionError
from edgehone.export._recurrent import recurrent_layers
from edgehone.export._tracing import tokens, traced, without_training
from edgehone.formats._base import Format
from edgehone.formats._traced import TracedModel


def written(model: Any, form: Format, batch: int | None) -> bytes:
    """The flattened model as a float file whose operators are named after its layers.

    batch: of every input, None for any. Raises ConversionError, which names the layer that the
    converter stumbled over where its message tells.
    """
    with without_training(model), tokens(model) as names:
        repeats = bool(recurrent_layers(model))
        source = TracedModel(model, names, batch, repeats, partial(traced, model))
        try:
            return form.convert(source)
        except ConversionError:
            raise
        except Exception as error:  # converters raise whatever their many parts raise
            raise form.blame(error, source) from error
