"""Which layer a converter stumbled over, read from its long message."""

import re
from collections.abc import Mapping

from edgehone.errors import ConversionError
from edgehone.formats._traced import KerasNames, layer_of_tensor
from edgehone.system.library_errors import sentence
from edgehone.values import NOTHING

_HINT = "Replace this layer or operation by one the format has, or leave it out of the model."


def blamed(
    error: Exception, form: str, names: KerasNames, operations: Mapping[str, str] = NOTHING
) -> ConversionError:
    """The converter's error in one sentence, with the layer's own name where it is given.

    operations: TensorFlow's kinds of operations -> the name of one, which holds a layer's token;
    for messages that tell the kind alone.
    """
    message = str(error)
    found = re.search(r"loc\((.*?)\): error: ([^\n]*)", message)
    reason = _plain(found[2] if found else _cause_in(message) or type(error).__name__)
    kind = re.search(r"'tf\.(\w+)' op", message)
    place = found[1] if found else operations.get(kind[1], message) if kind else message
    layer = layer_of_tensor(place, names.layers)
    where = f"layer {layer!r}: " if layer else ""
    text = sentence(named(reason, names))
    return ConversionError(f"The converter to {form} gave up: {where}{text}", _HINT)


def named(text: str, names: KerasNames) -> str:
    """A converter's text with layers' names in the place of the tokens they were traced by."""

    def name(match: re.Match[str]) -> str:
        return layer_of_tensor(match[0], names.layers) or match[0]

    return re.sub(r"keras\d+layer(_\d+)?", name, text)


def _plain(reason: str) -> str:
    """A converter's reason in words of ours, where it is one of those met most."""
    unknown = re.search(r"'tf\.(\w+)' op is neither a custom op nor a flex op", reason)
    unknown = unknown or re.search(r"No Op registered for (\w+)", reason)
    return f"the format has no operator for {unknown[1]}" if unknown else reason


def _cause_in(message: str) -> str:
    """What a long message says is wrong: behind the first "error:", or all of it, of which
    `sentence` takes the line that tells and not those that say where.
    """
    errors = [line for line in message.splitlines() if "error:" in line]
    return errors[0].split("error:")[-1].strip() if errors else message.strip()
