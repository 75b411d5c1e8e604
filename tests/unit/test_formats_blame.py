"""What is told of a converter's failure is its cause, not where it was met."""

from edgehone.formats._blame import blamed
from edgehone.formats._traced import KerasNames

NAMES = KerasNames((), (), ())


def test_the_cause_is_told_and_not_the_heading_before_it() -> None:
    error = RuntimeError(
        "Exception encountered when calling NoUnroll.call().\n\n"
        "\x1b[1mthis layer cannot be unrolled\x1b[0m\n\nArguments received by NoUnroll.call():\n"
        "  x=tensor"
    )
    text = blamed(error, "tflite", NAMES).message
    assert text == "The converter to tflite gave up: this layer cannot be unrolled"


def test_a_line_with_an_error_goes_before_others() -> None:
    error = RuntimeError("many words\nnoise: error: no kernel for this\nmore")
    assert blamed(error, "onnx", NAMES).message.endswith("gave up: no kernel for this")
