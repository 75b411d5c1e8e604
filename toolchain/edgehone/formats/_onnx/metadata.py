"""What an .onnx file says of itself, in its `metadata_props`: texts, and JSON for the ends."""

import json
from dataclasses import asdict, fields
from typing import Any

from edgehone.errors import ModelError
from edgehone.formats._metadata import About, InputAbout, OutputAbout

_TEXTS = ("name", "description", "version", "author", "license")
_ENDS: dict[str, type[InputAbout] | type[OutputAbout]] = {
    "inputs": InputAbout,
    "outputs": OutputAbout,
}


def with_metadata(content: bytes, about: About) -> bytes:
    """The same model with these metadata, in the place of those of the same names."""
    import onnx

    model = onnx.load_from_string(content)
    values = {name: getattr(about, name) for name in _TEXTS}
    for name in _ENDS:
        lines = [asdict(each) for each in getattr(about, name)]
        values[name] = json.dumps(lines, ensure_ascii=False) if lines else ""
    kept = {each.key: each.value for each in model.metadata_props if each.key not in values}
    kept |= {name: value for name, value in values.items() if value}
    model.ClearField("metadata_props")
    for key in sorted(kept):
        model.metadata_props.add(key=key, value=kept[key])
    return bytes(model.SerializeToString(deterministic=True))


def metadata(content: bytes) -> About | None:
    """What a file says of itself under the names that are written here; None: nothing.

    Raises ModelError for inputs and outputs that are described in JSON of another kind.
    """
    import onnx

    return about_of(onnx.load_from_string(content))


def about_of(model: Any) -> About | None:
    """The same of a model that has been read."""
    held = {each.key: each.value for each in model.metadata_props}
    if not {*_TEXTS, *_ENDS} & {*held}:
        return None
    texts = {name: held.get(name, "") for name in _TEXTS}
    inputs, outputs = (_ends(name, held.get(name, "")) for name in _ENDS)
    return About(**texts, inputs=inputs, outputs=outputs)


def _ends(name: str, text: str) -> tuple[Any, ...]:
    kind = _ENDS[name]
    known = {each.name for each in fields(kind)}
    try:
        found = json.loads(text) if text else []
        return tuple(
            kind(**{key: _value(each[key]) for key in each if key in known}) for each in found
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(
            f"The file's metadata cannot be read: {name} is not a list of descriptions.",
            "Write them again, or export the model again.",
        ) from error


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
