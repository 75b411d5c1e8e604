"""How messages of other people's libraries are shown: on one line, as whole sentences."""

import re

MOST = 300
"""Characters of a message that are shown; what a library says beyond that is rarely of use."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_RUN_ON = re.compile(
    r"(?<=[^\s.:;!?(\[{'\"`/_-])(?=(?:Node number \d|Failed to apply |XNNPack delegate ))"
)
"""Where LiteRT begins its next report right behind the last one, without even a full stop."""

_OPENERS = (
    *("A", "Additionally", "All", "Also", "An", "Another", "Are", "Argument", "Arguments", "At"),
    *("Available", "Be", "Both", "But", "Call", "Can", "Cannot", "Check", "Consider", "Could"),
    *("Did", "Do", "Each", "Either", "Encountered", "Ensure", "Error", "Exception", "Expected"),
    *("Expecting", "Failed", "Feel", "For", "Found", "Full", "Given", "Got", "Here", "However"),
    *("If", "In", "Inconsistent", "Input", "Inputs", "Instead", "Invalid", "It", "Keras", "Layer"),
    *("Layers", "Look", "Make", "Maybe", "Missing", "Model", "Must", "No", "Node", "Not", "Note"),
    *("Only", "Original", "Output", "Outputs", "Perhaps", "Please", "Provided", "Received", "Run"),
    *("See", "Set", "Shape", "Shapes", "Should", "Similarly", "Some", "Supported", "Tensor"),
    *("That", "The", "Then", "There", "These", "They", "This", "Those", "To", "Traceback", "Try"),
    *("Unable", "Unexpected", "Unknown", "Unsupported", "Use", "Using", "Valid", "Was", "We"),
    *("When", "While", "You", "Your"),
)
"""Words that begin sentences in the messages of Keras, TensorFlow, LiteRT and ONNX Runtime. Others
stay where they are: `tf.Variable` is not an end of a sentence.
"""
_LOST = re.compile(
    r"(?<=[a-z0-9)\]}'\"`][.!?;,])(?<!\btf\.)(?<!keras\.)(?<!layers\.)"
    rf"(?=(?:{'|'.join(_OPENERS)})[ :,])|(?<=was not true\.)(?=\w)"
)
"""Where the blank between two sentences was lost; `keras.Model` has lost none."""

_HEADINGS = (
    *("Exception encountered when calling", "Traceback (most recent call last)", 'File "'),
    *("Graph execution error", "Detected at node", "Stack trace", "[[{{node"),
)
"""Lines that say where something went wrong, and not what."""
_CAUSE = "Exception encountered: "
"""What Keras begins the cause with, after a long text about deserialization."""
_PLACES = re.compile(r"\{\{function_node [^}]*\}\} ?| ?\[\[\{\{node .*?\]\]| ?\[Op:\w+\]")
"""Marks of TensorFlow for the same."""


def sentence(message: object, most: int = MOST) -> str:
    """A foreign error, or its text, on one line of at most `most` characters.

    The first line that says what is wrong; if it ends in a colon, with what follows. Where two
    sentences stand side by side without a blank, they get one.
    """
    text = _PLACES.sub("", _COLOURS.sub("", str(message)))
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    causes = [line.removeprefix(_CAUSE) for line in lines if line.startswith(_CAUSE)]
    telling = causes or [line for line in lines if not line.startswith(_HEADINGS)] or lines
    if not telling:
        return type(message).__name__ if isinstance(message, BaseException) else ""
    found = telling[0]
    for line in telling[1:]:
        if not found.endswith(":"):
            break
        found = f"{found} {line}"
    return shortened(parted(found), most)


def parted(text: str) -> str:
    """The text with blanks between its sentences, where a library has lost them."""
    return _LOST.sub(" ", _RUN_ON.sub(". ", text))


def shortened(text: str, most: int = MOST) -> str:
    """The text, cut between two words when it is longer than `most` characters."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
