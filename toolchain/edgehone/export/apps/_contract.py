"""An app's contract with a finished file: what the file says, and what is known of its data."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from edgehone import formats
from edgehone.documents.app_model import AppModel, FileEntry, InputEntry, Kind, Meaning, OutputEntry
from edgehone.errors import DataError, ModelError, UsageError
from edgehone.system.interface import all_named
from edgehone.system.rows import Rows, bounds, parts
from edgehone.system.settings import INPUT, IO, MEAN, SCALE, STD
from edgehone.tasks.kinds import kind_of
from edgehone.values import Artifact, Plain, Task

KINDS: tuple[Kind, ...] = get_args(Kind)

BYTES = 255
_NUMBERS = ("float32", "int8", "uint8", "int16", "int32", "int64")
"""What some platform's wrapper reads and writes."""

_BRIGHT = 127
"""Above it are some values of any set of pictures; below it all are of other numbers in bytes."""

_NO_NAMES = ("Cc", "Zl", "Zp")
"""Kinds of characters that no name of a class has: of control, and ends of lines."""

_COLOURS = {1: "grey", 3: "RGB", 4: "RGBA"}
_SMALLEST_SIDE = 4

_SCALING = ("ADD", "SUB", "MUL", "DIV", "CAST")
_BETWEEN = ("QUANTIZE", "DEQUANTIZE", "QUANTIZELINEAR", "DEQUANTIZELINEAR", "RESHAPE", "TRANSPOSE")
_ENDS: dict[str, Meaning] = {"SOFTMAX": "probabilities", "LOGISTIC": "scores", "SIGMOID": "scores"}


@dataclass(frozen=True)
class Normalization:
    """The model sees (value - mean) / deviation; one number for all channels, or one for each.
    explicit: somebody says so.
    """

    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    explicit: bool = False

    def of(self, channels: int, name: str) -> "Normalization":
        """The same for an input of so many channels. Raises UsageError for another number."""
        for option, values in ((MEAN, self.mean), (STD, self.deviation)):
            if len(values) not in (1, channels):
                raise UsageError(
                    f"{option} has {len(values)} numbers, and {name!r} has {channels} "
                    f"channel{'s' * (channels != 1)}.",
                    "Give one number for all channels, or one for each.",
                )
        count = max(len(self.mean), len(self.deviation))
        mean, deviation = (tuple(np.resize(v, count).tolist()) for v in (self.mean, self.deviation))
        return Normalization(mean, deviation, self.explicit)


@dataclass(frozen=True)
class Known:
    """What is known beside the file. samples: as the app has them, (n, ...) for each input; () when
    there are none. kind: of a single input, "" to be found. task: its kind, "" when nothing says.
    """

    name: str
    normalization: Normalization = Normalization()
    samples: tuple[Rows, ...] = ()
    kind: str = ""
    task: str = ""
    classes: tuple[str, ...] = ()
    licence: str = ""
    run: str = ""
    preprocess: str = ""


def contract(artifact: Artifact, known: Known) -> AppModel:
    """The contract of a finished file; tolerances are still 0. Raises UsageError, DataError,
    ModelError for what an app could not keep.
    """
    audit = artifact.audit or {}
    _require_ports(artifact)
    inputs = tuple(_input(artifact, index, known) for index in range(len(audit["inputs"])))
    outputs = tuple(
        _output(artifact, port, meaning)
        for port, meaning in zip(audit["outputs"], _meanings(artifact, known), strict=True)
    )
    app = AppModel(
        known.name,
        FileEntry(
            artifact.path.name,
            artifact.format,
            artifact.precision,
            artifact.size_bytes,
            artifact.compressed_bytes,
            artifact.sha256,
        ),
        known.task,
        inputs,
        outputs,
        known.classes,
        known.licence,
        known.run,
        known.preprocess,
    )
    _require_classes(app)
    return app


def _require_ports(artifact: Artifact) -> None:
    """Refuse a file without inputs or outputs, and an input without a sample's axis: ModelError."""
    audit = artifact.audit or {}
    if audit.get("entry_graph", 0):
        raise ModelError(
            f"The first signature of {artifact.path.name} is of graph {audit['entry_graph']}, and "
            "its main graph is 0: runtimes differ in which of them they run.",
            "Export the model with one signature, or let that of the main graph be the first.",
        )
    for what in ("inputs", "outputs"):
        if not audit[what]:
            raise ModelError(
                f"{artifact.path.name} has no {what}, so there is nothing for an app to do.",
                "Export a model that answers to what an app gives.",
            )
        names = [unicodedata.normalize("NFC", port["name"]) for port in audit[what]]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ModelError(
                f"{artifact.path.name} has several {what} called {twice!r}, and an app knows them "
                "by name.",
                "Give each a name of its own in the model, and export it again.",
            )
    for port in audit["inputs"]:
        if not port["shape"]:
            raise ModelError(
                f"{port['name']!r} of {artifact.path.name} is a lone number without an axis of "
                "samples.",
                "Give it the shape (1, 1), in Keras Input((1,)), and export the model again.",
            )


def _require_classes(app: AppModel) -> None:
    """Refuse names that are more or fewer than the first output's values, and those that take no
    line, or more than one: DataError.
    """
    count = app.outputs[0].size
    if app.classes and len(app.classes) != max(count, 2):
        raise DataError(
            f"There are {len(app.classes)} class names, and {app.model.file} has "
            f"{max(count, 2)} classes.",
            "Give a name for each class, one a line, in the order of training.",
        )
    for number, name in enumerate(app.classes):
        wrong = next((mark for mark in name if unicodedata.category(mark) in _NO_NAMES), "")
        if wrong or not name.strip():
            what = f"has the character U+{ord(wrong):04X}" if wrong else "is empty"
            raise DataError(
                f"The name of class {number} {what}: {name[:80]!r}.",
                "Write each name on one line, without line breaks or control characters.",
            )


def _input(artifact: Artifact, index: int, known: Known) -> InputEntry:
    port = (artifact.audit or {})["inputs"][index]
    alone = len((artifact.audit or {})["inputs"]) == 1
    samples = known.samples[index] if known.samples else None
    shape = _shape(artifact, port)
    kind = _kind(port, shape, samples, known.kind if alone else "")
    layout = _layout(shape) if kind == "image" else None
    channels = 1 if layout is None else shape[1 if layout == "NCHW" else 3]
    text = known.normalization if alone else Normalization()
    scaled = text.of(channels, port["name"])
    if "int" in port["dtype"] and port["scale"] is None:
        scaled = Normalization(explicit=True)  # bytes or identifiers, as they are
    low, high = _range(kind, port, samples)
    return InputEntry(
        name=port["name"],
        kind=kind,
        shape=shape,
        dtype=port["dtype"],
        scale=port["scale"],
        zero_point=port["zero_point"],
        raw={"image": "uint8", "identifiers": "int32"}.get(kind, "float32"),
        low=low,
        high=high,
        mean=scaled.mean,
        deviation=scaled.deviation,
        layout=layout,
        colour_order=_COLOURS[channels] if layout else None,
        inside=_inside(artifact) if alone else (),
        explicit=scaled.explicit,
    )


def _shape(artifact: Artifact, port: Plain) -> tuple[int, ...]:
    """The tensor's shape for one sample. Raises ModelError where it is not known, and for what is
    no number.
    """
    if port["dtype"] not in _NUMBERS:
        text = port["dtype"] in ("string", "object")
        raise ModelError(
            f"{port['name']!r} of {artifact.path.name} is {'text' if text else port['dtype']}, and "
            f"apps exchange numbers with a model: {', '.join(_NUMBERS)}.",
            "Cut the model behind the layers that read text, and let the app make numbers of it."
            if text
            else f"Export the model again with {IO.set('float32')}.",
        )
    first, *rest = port["shape"] or [1]
    if first not in (None, 1) or not all(isinstance(size, int) and size > 0 for size in rest):
        raise ModelError(
            f"{port['name']!r} of {artifact.path.name} has shape {port['shape']}, and an app gives "
            "one sample of a fixed size.",
            "Export the model with a fixed input shape and a batch of 1.",
        )
    return (1, *(int(size) for size in rest))


def _kind(port: Plain, shape: tuple[int, ...], samples: Rows | None, asked: str) -> Kind:
    if asked:
        _require_possible(asked, port, shape)
        return next(kind for kind in KINDS if kind == asked)
    pixels = _is_picture(shape)
    if pixels and port["dtype"] == "uint8":
        return "image"
    if "int" in port["dtype"] and port["scale"] is None:
        return "identifiers"
    if pixels and (samples is None or _are_bytes(samples)):
        return "image"
    return "numbers"


def _require_possible(kind: str, port: Plain, shape: tuple[int, ...]) -> None:
    if kind not in KINDS:
        raise UsageError(f"Unknown kind of input {kind!r}.", f"Known: {', '.join(KINDS)}.")
    if kind == "image" and not _is_picture(shape):
        raise UsageError(
            f"{INPUT.set('image')} needs rows, columns and 1, 3 or 4 channels, and "
            f"{port['name']!r} has "
            f"shape {list(shape)}.",
            f"Give {INPUT.set('numbers')}, or {INPUT.set('audio')}.",
        )
    whole = "int" in port["dtype"] and port["scale"] is None
    if (kind == "identifiers") != whole and not (kind == "image" and port["dtype"] == "uint8"):
        raise UsageError(
            f"{INPUT.set(kind)} does not fit {port['name']!r}, which takes {port['dtype']}"
            f"{' without a scale' * whole}.",
            f"Give {INPUT.set('identifiers' if whole else 'numbers')}, or leave it out.",
        )


def _is_picture(shape: tuple[int, ...]) -> bool:
    if len(shape) != 4 or not ({shape[1], shape[3]} & {*_COLOURS}):
        return False
    sides = shape[2:] if _layout(shape) == "NCHW" else shape[1:3]
    return min(sides) >= _SMALLEST_SIDE


def _layout(shape: tuple[int, ...]) -> str:
    return "NHWC" if shape[3] in _COLOURS else "NCHW"


def _are_bytes(samples: Rows) -> bool:
    """Whether samples are pixels: whole numbers from 0 to 255, not all of them dark."""
    whole = all(bool((part == np.round(part)).all()) for part in parts(samples))
    low, high = bounds(samples)
    return whole and low >= 0 and _BRIGHT < high <= BYTES


def _range(kind: Kind, port: Plain, samples: Rows | None) -> tuple[float, float]:
    """The least and largest value that the app has."""
    if kind == "image":
        return 0.0, float(BYTES)
    if kind == "audio":
        return -1.0, 1.0
    if kind == "identifiers":
        takes = port.get("takes")
        return (max(takes["low"]), min(takes["high"])) if takes else (0.0, 1.0)
    if samples is not None:
        return bounds(samples)
    quantized = port if port["scale"] else port.get("quantized_as")
    if quantized and quantized["dtype"] in ("int8", "uint8"):
        limits = np.iinfo(quantized["dtype"])
        ends = (limits.min, limits.max)
        low, high = ((q - quantized["zero_point"]) * quantized["scale"] for q in ends)
        return float(low), float(high)
    return 0.0, 1.0


def _inside(artifact: Artifact) -> tuple[str, ...]:
    """Operators at the begin of the only input's way that scale or convert."""
    found = []
    for layer in (artifact.audit or {})["layers"]:
        kind = str(layer["operator"]).upper()
        if kind in _SCALING and len(layer["types"]) < 3:
            found.append(kind)
        elif kind not in _BETWEEN:
            break
    return tuple(found)


def _meanings(artifact: Artifact, known: Known) -> list[Meaning]:
    """What each output is, by what makes it, and by the task."""
    audit = artifact.audit or {}
    ends = _made_by(artifact, len(audit["outputs"]))
    kind = kind_of(Task(known.task)) if known.task else None
    classifies = kind.CLASSIFIES if kind else bool(known.classes)
    found: list[Meaning] = []
    for index, (port, end) in enumerate(zip(audit["outputs"], ends, strict=True)):
        sizes = [size or 1 for size in port["shape"][1:]]
        if kind is not None and kind.ANSWER == "numbers":
            found.append("values")
        elif end == "probabilities" and sizes and sizes[-1] > 1:
            found.append("probabilities")
        elif end == "scores":
            found.append("scores")
        else:
            found.append("logits" if classifies and not index and sizes else "values")
    return found


def _made_by(artifact: Artifact, count: int) -> list[Meaning | None]:
    form = formats.load(artifact.format)
    roles = form.ends(artifact.path)
    words: dict[frozenset[Any], Meaning] = {
        frozenset({"softmax"}): "probabilities",
        frozenset({"sigmoid"}): "scores",
    }
    if len(roles) == count and any(each in words for each in roles):
        return [words.get(each) for each in roles]
    if count > 1:
        return [None] * count
    for layer in reversed((artifact.audit or {})["layers"]):
        kind = str(layer["operator"]).upper()
        if kind not in _BETWEEN:
            return [_ENDS.get(kind)]
    return [None]


def _output(artifact: Artifact, port: Plain, meaning: Meaning) -> OutputEntry:
    shape = _shape(artifact, port)
    scale, zero = port["scale"], port["zero_point"]
    return OutputEntry(port["name"], shape, port["dtype"], scale, zero, meaning)


def stem_of(path: Path) -> str:
    """What a kit is called after its file."""
    return path.stem or "model"


def require_scaling(app: AppModel) -> None:
    """Refuse pictures of which nothing says how they become the model's numbers: UsageError."""
    for entry in app.inputs:
        if entry.kind == "image" and not entry.explicit and entry.dtype != "uint8":
            inside = f" The model begins with {', '.join(entry.inside)}." if entry.inside else ""
            raise UsageError(
                f"Nothing says how pixels become the numbers that {entry.name!r} of "
                f"{app.model.file} takes.{inside}",
                f"Give {SCALE.given('1/255')}, say, or {all_named((MEAN, STD))}; {SCALE.set(1)} "
                "where the model scales pixels itself.",
            )
