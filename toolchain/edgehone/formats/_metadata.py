"""What a file says of itself for apps: names, preprocessing, class names, author and licence."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgehone.errors import ConversionError, ModelError
from edgehone.values import Plain

Content = Literal["image", "audio", "features"]


@dataclass(frozen=True)
class InputAbout:
    """What an app gives an input. name: "" for the tensor's own.

    mean, deviation: what the app normalises with, (x - mean) / deviation in its own units (0 to 255
    for pixels), one number or one for each channel; () where it gives values as they are. colors:
    of images, "RGB" or "GRAYSCALE". sample_rate in Hz, channels: of audio. low, high: the values
    before normalisation.
    """

    name: str = ""
    description: str = ""
    content: Content = "features"
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    colors: str = ""
    sample_rate: int = 0
    channels: int = 0
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class OutputAbout:
    """What an output tells. labels: class names, in the order of its last axis."""

    name: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What a file says of itself. inputs, outputs: in the file's order, the first ones at least."""

    name: str = ""
    description: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    inputs: tuple[InputAbout, ...] = ()
    outputs: tuple[OutputAbout, ...] = ()

    def document(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def audited(read: Callable[[], About | None]) -> dict[str, Any]:
    """What a file says of itself, for its audit: {"metadata", "metadata_fault"}. Where they cannot
    be read, the second says why; the file may run all the same.
    """
    try:
        about = read()
    except ModelError as error:
        return {"metadata": None, "metadata_fault": error.message}
    return {"metadata": None if about is None else about.document(), "metadata_fault": ""}


def check_about(about: About, audit: Plain) -> None:
    """Raise ConversionError for what does not fit the file that has this audit."""
    for side, text in (("inputs", about.inputs), ("outputs", about.outputs)):
        known = len(audit[side])
        if len(text) > known:
            raise ConversionError(
                f"The metadata describe {len(text)} {side}, and the file has {known}.",
                f"Describe at most {known}, in the file's order.",
            )
    for place, (source, port) in enumerate(zip(about.inputs, audit["inputs"], strict=False)):
        _check_input(source, port, place)
    for place, (result, port) in enumerate(zip(about.outputs, audit["outputs"], strict=False)):
        _check_labels(result, port, place)


def _check_input(source: InputAbout, port: Plain, place: int) -> None:
    called = f"Input {source.name or port['name'] or place!r}"
    if source.colors not in ("", "RGB", "GRAYSCALE"):
        raise ConversionError(
            f"{called} has colors {source.colors!r}.", "They are RGB or GRAYSCALE."
        )
    channels = port["shape"][-1] if port["shape"] else 1
    counts = {len(source.mean), len(source.deviation)}
    if len(counts) > 1 or not counts <= {0, 1, channels}:
        raise ConversionError(
            f"{called} has {len(source.mean)} means and {len(source.deviation)} deviations for "
            f"{channels} channels.",
            "Give one of each, or one of each for every channel.",
        )
    if any(each <= 0 for each in source.deviation):
        raise ConversionError(
            f"{called} has a deviation of {min(source.deviation):g}.", "It is above 0."
        )


def _check_labels(result: OutputAbout, port: Plain, place: int) -> None:
    called = f"Output {result.name or port['name'] or place!r}"
    broken = next((each for each in result.labels if len(each.splitlines()) > 1), None)
    if broken is not None:
        raise ConversionError(
            f"{called} has a label with a line break: {broken!r}.",
            "Labels are kept one a line: write each in one.",
        )
    size = port["shape"][-1] if port["shape"] else 1
    if result.labels and size is not None and len(result.labels) != size:
        raise ConversionError(
            f"{called} has {size} values, and there are {len(result.labels)} labels.",
            "Give one label for each value of the output's last axis, in that order.",
        )
