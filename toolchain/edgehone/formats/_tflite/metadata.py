"""TFLite's model metadata (metadata_schema.fbs): written into a file and read from it, with labels.

MediaPipe Tasks and ML Kit read them. Labels are files in a ZIP archive behind the flatbuffer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.errors import ModelError
from edgehone.formats import _flatbuffer, _flattables
from edgehone.formats._flattables import Field, Values
from edgehone.formats._metadata import About, Content, InputAbout, OutputAbout
from edgehone.formats._tflite.appended import AppendedFile, appended, with_appended
from edgehone.formats._tflite.pack import packed

NAME = b"TFLITE_METADATA"
"""What the entry of the model is called that leads to the buffer."""

_IDENTIFIER = b"M001"
_READERS_SINCE = "1.0.0"
"""The oldest parser of the schema that knows all that is written here."""

_AXIS_LABELS = 2
_COLORS = ("", "RGB", "GRAYSCALE")


def _texts(*names: str) -> list[Field]:
    return [Field(name, "string") for name in names]


_SCHEMA: Mapping[str, Sequence[Field]] = {
    "ModelMetadata": [
        *_texts("name", "description", "version"),
        Field("subgraph_metadata", "SubGraphMetadata", several=True),
        *_texts("author", "license"),
        Field("associated_files", "AssociatedFile", several=True),
        *_texts("min_parser_version"),
    ],
    "SubGraphMetadata": [
        *_texts("name", "description"),
        Field("input_tensor_metadata", "TensorMetadata", several=True),
        Field("output_tensor_metadata", "TensorMetadata", several=True),
    ],
    "TensorMetadata": [
        *_texts("name", "description"),
        Field("dimension_names", "Nothing", several=True),
        Field("content", "Content"),
        Field("process_units", "ProcessUnit", several=True),
        Field("stats", "Stats"),
        Field("associated_files", "AssociatedFile", several=True),
    ],
    "Content": [
        Field(
            "content_properties",
            "",
            union=(
                *("FeatureProperties", "ImageProperties"),
                *("BoundingBoxProperties", "AudioProperties"),
            ),
        )
    ],
    "ImageProperties": [Field("color_space", "byte")],
    "AudioProperties": [Field("sample_rate", "uint"), Field("channels", "uint")],
    "ProcessUnit": [Field("options", "", union=("NormalizationOptions",))],
    "NormalizationOptions": [Field("mean", "floats"), Field("std", "floats")],
    "Stats": [Field("max", "floats"), Field("min", "floats")],
    "AssociatedFile": [*_texts("name", "description"), Field("type", "byte")],
    "FeatureProperties": [],
    "BoundingBoxProperties": [],
    "Nothing": [],
}
"""Tables and fields as far as they are used; each table's fields are complete up to the last."""

_CONTENTS: dict[str, Content] = {
    "FeatureProperties": "features",
    "ImageProperties": "image",
    "AudioProperties": "audio",
}


def with_metadata(content: bytes, about: About) -> bytes:
    """The same model with these metadata, in the place of any that it has."""
    model = _flatbuffer.tables(appended(content)[0], "the file")
    files = [
        AppendedFile(_labels_name(place), "".join(f"{label}\n" for label in each.labels).encode())
        for place, each in enumerate(about.outputs)
        if each.labels
    ]
    buffer = _buffer_of(model)
    model.buffers[buffer].data = np.frombuffer(_written(about), np.uint8)
    return with_appended(packed(model), files)


def metadata(content: bytes) -> About | None:
    """What a file says of itself; None where it says nothing. Raises ModelError when that cannot
    be read.
    """
    flatbuffer, files = appended(content)
    model = _flatbuffer.tables(flatbuffer, "the file")
    entry = next((each for each in model.metadata or () if each.name == NAME), None)
    if entry is None:
        return None
    data = model.buffers[entry.buffer].data if entry.buffer < len(model.buffers) else None
    try:
        held = b"" if data is None else np.asarray(data, np.uint8).tobytes()
        found = _flattables.read(_SCHEMA, "ModelMetadata", held)
        return _about(found, {each.name: each.content for each in files})
    except _flattables.DAMAGED as error:
        raise ModelError(
            "The file's metadata cannot be read.", "Write them again, or export the model again."
        ) from error


def _labels_name(place: int) -> str:
    return f"labels_{place}.txt" if place else "labels.txt"


def _buffer_of(model: Any) -> int:
    """The place of the buffer that holds the metadata, a new one where there was none."""
    from ai_edge_litert import schema_py_generated as schema

    for each in model.metadata or ():
        if each.name == NAME:
            return int(each.buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(model.buffers)
    model.buffers = [*model.buffers, schema.BufferT()]
    model.metadata = [*(model.metadata or ()), entry]
    return int(entry.buffer)


def _written(about: About) -> bytes:
    graph = {
        "input_tensor_metadata": [_input(each) for each in about.inputs],
        "output_tensor_metadata": [_output(each, n) for n, each in enumerate(about.outputs)],
    }
    values = {
        **_given(about, "name", "description", "version", "author", "license"),
        "subgraph_metadata": [graph],
        "min_parser_version": _READERS_SINCE,
    }
    return _flattables.write(_SCHEMA, "ModelMetadata", values, _IDENTIFIER)


def _given(about: Any, *names: str) -> dict[str, Any]:
    """The texts that say something."""
    return {name: getattr(about, name) for name in names if getattr(about, name)}


def _input(about: InputAbout) -> Values:
    properties: tuple[str, Values] = ("FeatureProperties", {})
    if about.content == "image":
        properties = ("ImageProperties", {"color_space": _COLORS.index(about.colors)})
    elif about.content == "audio":
        audio = {"sample_rate": about.sample_rate, "channels": about.channels}
        properties = ("AudioProperties", audio)
    found = {
        **_given(about, "name", "description"),
        "content": {"content_properties": properties},
    }
    if about.mean:
        normalised = {"mean": about.mean, "std": about.deviation}
        found["process_units"] = [{"options": ("NormalizationOptions", normalised)}]
    if about.low or about.high:
        found["stats"] = {"max": about.high, "min": about.low}
    return found


def _output(about: OutputAbout, place: int) -> Values:
    found = {
        **_given(about, "name", "description"),
        "content": {"content_properties": ("FeatureProperties", {})},
    }
    if about.labels:
        file = {"name": _labels_name(place), "type": _AXIS_LABELS}
        found["associated_files"] = [file]
    return found


def _about(found: Values, files: Mapping[str, bytes]) -> About:
    texts = {name: found.get(name, "") for name in ("name", "description", "version", "author")}
    graph: Values = next(iter(found.get("subgraph_metadata", ())), {})
    return About(
        **texts,
        license=found.get("license", ""),
        inputs=tuple(map(_input_about, graph.get("input_tensor_metadata", ()))),
        outputs=tuple(
            _output_about(each, files) for each in graph.get("output_tensor_metadata", ())
        ),
    )


def _input_about(found: Values) -> InputAbout:
    kind, about = found.get("content", {}).get("content_properties", ("FeatureProperties", {}))
    units = [each["options"] for each in found.get("process_units", ()) if "options" in each]
    normalised: Values = next((each for name, each in units if name == "NormalizationOptions"), {})
    color, stats = about.get("color_space", 0), found.get("stats", {})
    return InputAbout(
        found.get("name", ""),
        found.get("description", ""),
        _CONTENTS.get(kind, "features"),
        tuple(normalised.get("mean", ())),
        tuple(normalised.get("std", ())),
        _COLORS[color] if 0 < color < len(_COLORS) else "",
        about.get("sample_rate", 0),
        about.get("channels", 0),
        tuple(stats.get("min", ())),
        tuple(stats.get("max", ())),
    )


def _output_about(found: Values, files: Mapping[str, bytes]) -> OutputAbout:
    named = [
        each.get("name", "")
        for each in found.get("associated_files", ())
        if each.get("type", 0) == _AXIS_LABELS and each.get("name", "") in files
    ]
    text = files[named[0]].decode() if named else ""
    lines = text.removesuffix("\n").split("\n") if text else []
    labels = tuple(each.removesuffix("\r") for each in lines)
    return OutputAbout(found.get("name", ""), found.get("description", ""), labels)
