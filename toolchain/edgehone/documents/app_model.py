"""`model.json` of an app kit: all that an app must know of a model to use it right."""

import json
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Literal

from edgehone.documents.plain import Json, plain
from edgehone.documents.published import versioned

Kind = Literal["image", "audio", "numbers", "identifiers"]
"""What an input is: pixels, a mono recording, floats, or whole numbers that name something."""

Meaning = Literal["probabilities", "logits", "scores", "values"]
"""What an output is: probabilities that add up to 1, what a softmax makes such of, probabilities
or yes and no each by itself, or numbers."""


@dataclass(frozen=True)
class InputEntry:
    """One input: what the app has, how it becomes the model's numbers, and the tensor they go to.

    The app has values of type `raw` from `low` to `high`, in the order height, width, channel. The
    model's numbers are (value - mean) / deviation, by channel; a quantized tensor holds
    round(number / scale) + zero_point, clipped to its type. inside: the operators at the model's
    begin that only scale or convert: preprocessing that the app must not repeat. explicit: somebody
    said how values are scaled; else they are taken as they are.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    raw: str
    low: float
    high: float
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    layout: str | None = None
    colour_order: str | None = None
    inside: tuple[str, ...] = ()
    explicit: bool = True

    @property
    def size(self) -> int:
        """How many values one sample has."""
        return prod(self.shape)

    @property
    def channels(self) -> int:
        """How many channels an image has; 1 of all else."""
        if self.kind != "image":
            return 1
        return self.shape[1] if self.layout == "NCHW" else self.shape[3]

    @property
    def height(self) -> int:
        """Rows of an image; 0 of all else."""
        return 0 if self.kind != "image" else self.shape[2 if self.layout == "NCHW" else 1]

    @property
    def width(self) -> int:
        """Columns of an image; 0 of all else."""
        return 0 if self.kind != "image" else self.shape[3 if self.layout == "NCHW" else 2]

    @property
    def numbers(self) -> tuple[float, float]:
        """The least and largest number that the model sees."""
        ends = [
            (value - mean) / deviation
            for value in (self.low, self.high)
            for mean, deviation in zip(self.mean, self.deviation, strict=True)
        ]
        return min(ends), max(ends)


@dataclass(frozen=True)
class OutputEntry:
    """One output: a quantized tensor's values are (q - zero_point) * scale. tolerance: how far
    another machine's values may be from those of the golden samples.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    meaning: Meaning
    tolerance: float = 0.0

    @property
    def size(self) -> int:
        """How many values one sample has."""
        return prod(self.shape)


@dataclass(frozen=True)
class FileEntry:
    """The model file as it lies in the kit."""

    file: str
    format: str
    precision: str
    size_bytes: int
    compressed_bytes: int
    sha256: str


@dataclass(frozen=True)
class AppModel:
    """The contract between a model and an app. classes: of the first output, where it has any;
    licence: as the user names it; run: the run that the file comes from; preprocess: the function
    of batches that training data went through, which mean and deviation stand for unless a warning
    says that the app has to call it; "": none.
    """

    name: str
    model: FileEntry
    task: str
    inputs: tuple[InputEntry, ...]
    outputs: tuple[OutputEntry, ...]
    classes: tuple[str, ...] = ()
    licence: str = ""
    run: str = ""
    preprocess: str = ""

    @property
    def ports(self) -> tuple[InputEntry | OutputEntry, ...]:
        """Inputs, then outputs."""
        return (*self.inputs, *self.outputs)

    def to_json(self) -> Json:
        """As `model.json` has it (schema "app_model")."""
        return versioned(
            {
                "name": self.name,
                "model": asdict(self.model),
                "task": self.task,
                "inputs": [_input(each) for each in self.inputs],
                "outputs": [plain(asdict(each)) for each in self.outputs],
                "classes": list(self.classes),
                "licence": self.licence or None,
                "run": self.run or None,
                "preprocess": self.preprocess or None,
            }
        )

    @property
    def content(self) -> bytes:
        """`model.json` itself."""
        return (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode()


def _input(entry: InputEntry) -> dict[str, Any]:
    low, high = entry.numbers
    about = dict(plain(asdict(entry)))
    about["value_range"] = [low, high]
    about["raw_range"] = [about.pop("low"), about.pop("high")]
    about["preprocessing_inside"] = about.pop("inside")
    about["scaling_known"] = about.pop("explicit")
    about["raw_dtype"] = about.pop("raw")
    return about
