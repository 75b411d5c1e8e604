"""A format that only the tests have: dense layers as arrays in a zip, run by numpy.

`tests/contract/test_added_format.py` puts it where a user would: beside a project, and as one
further file into a copy of the package.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from edgehone import precisions
from edgehone.errors import ConversionError, ModelError
from edgehone.formats._base import (
    Array,
    Calibration,
    Format,
    Run,
    Values,
    check_plan,
    random_weights,
)
from edgehone.formats._batches import batches
from edgehone.formats._dataflow import Role
from edgehone.formats._traced import TracedModel
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.values import LayerSpec, Plain, PrecisionPlan

MAGIC = b"PK"
STEPS = 127


class Boxed(Format):
    """Arrays of a chain of dense layers, and a description of the chain."""

    TITLE: ClassVar[str] = "Boxed"
    SUFFIX: ClassVar[str] = ".boxed"
    PRECISIONS: ClassVar[tuple[str, ...]] = ("float32", "dynamic8")
    ALGORITHMS: ClassVar[tuple[str, ...]] = ("min_max",)
    SESSION: ClassVar[Path | None] = Path(__file__).with_name("_boxed_session.py")
    MISSING_LAYERS: ClassVar[Mapping[str, str]] = {"Conv2D": "it holds dense layers alone"}

    def convert(self, source: TracedModel) -> bytes:
        """Kernels as they are."""
        chain: list[dict[str, str]] = []
        arrays: dict[str, Array] = {}
        for layer, known in zip(source.model.layers, source.names.layers, strict=True):
            if type(layer).__name__ == "InputLayer":
                continue
            if type(layer).__name__ != "Dense":
                raise ValueError(f"no box fits {layer.name}")
            chain.append({"name": known.name, "activation": layer.activation.__name__})
            kernel, bias = layer.get_weights()
            arrays |= {f"{known.name}/kernel": kernel, f"{known.name}/bias": bias}
        return _packed({"input": source.names.inputs[0], "chain": chain}, arrays)

    def quantize(
        self, float_file: Path, plan: PrecisionPlan, calibration: Calibration, destination: Path
    ) -> Plain:
        """Kernels in 8 bits, one scale each."""
        check_plan(self, plan)
        about, arrays = _opened(files.content(float_file, MODEL_BYTES, ModelError))
        for layer in about["chain"]:
            name = layer["name"]
            if plan.layers.get(name, plan.default) == "dynamic8":
                kernel = arrays.pop(f"{name}/kernel")
                scale = np.abs(kernel).max() / STEPS
                arrays[f"{name}/kernel8"] = np.round(kernel / scale).astype(np.int8)
                arrays[f"{name}/scale"] = np.asarray(scale, np.float32)
        files.write_whole(destination, _packed(about, arrays))
        return {}

    def layer_model(self, spec: LayerSpec, precision: str, among: str = "") -> bytes | str:
        """One dense layer in float."""
        if spec.kind != "dense" or not precisions.named(precision).float_weights:
            return "boxes of one layer hold dense ones in float"
        kernel = random_weights((spec.in_channels, spec.out_channels))
        arrays = {"one/kernel": kernel, "one/bias": random_weights((spec.out_channels,))}
        chain = [{"name": "one", "activation": "relu" if spec.relu else "linear"}]
        return _packed({"input": "in", "chain": chain}, arrays)

    def audit(self, file: Path) -> Plain:
        """Borders and layers; the rest is said for it."""
        about, arrays = _opened(files.content(file, MODEL_BYTES, ModelError))
        names = [layer["name"] for layer in about["chain"]]
        width, height = _kernel(arrays, names[0]).shape[0], _kernel(arrays, names[-1]).shape[1]
        layers = [
            {
                "name": name,
                "operator": "Dense",
                "types": ["float32", _stored(arrays, name).dtype.name, "float32"],
                "weight_bytes": _stored(arrays, name).nbytes,
            }
            for name in names
        ]
        return {
            "inputs": [_port(about["input"], width) | {"quantized_as": None, "takes": None}],
            "outputs": [_port(names[-1], height)],
            "layers": layers,
        }

    def run(self, content: bytes, inputs: Sequence[Array]) -> list[Sequence[Array]]:
        """By numpy."""
        about, arrays = _opened(content)
        last = about["chain"][-1]["name"]
        return [[_computed(about, arrays, batch)[last]] for batch in batches(inputs, 8)]

    def trial(self, content: bytes, *, run: bool) -> None:
        """Unpack it."""
        _opened(content)

    def recognizes(self, content: bytes) -> bool:
        """Whether it is a zip."""
        return content.startswith(MAGIC)

    def layer_results(self, float_file: Path) -> Iterable[tuple[str, str]]:
        """Every layer, by its name."""
        about, _ = _opened(files.content(float_file, MODEL_BYTES, ModelError))
        return [(layer["name"], layer["name"]) for layer in about["chain"]]

    def watched(self, file: Path, tensors: set[str]) -> tuple[Run, int]:
        """All that is computed on the way."""
        about, arrays = _opened(files.content(file, MODEL_BYTES, ModelError))

        def run(batch: Sequence[Array]) -> Values:
            found = _computed(about, arrays, batch)
            return {name: found[name] for name in tensors & found.keys()}

        return run, 1

    def ends(self, float_file: Path) -> list[frozenset[Role]]:
        """What the last activation is."""
        about, _ = _opened(files.content(float_file, MODEL_BYTES, ModelError))
        softmax: Role = "softmax"
        weights: Role = "weights"
        ends = softmax if about["chain"][-1]["activation"] == "softmax" else weights
        return [frozenset({ends})]


def _packed(about: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, about=np.asarray(json.dumps(about)), **arrays)
    return stream.getvalue()


def _opened(content: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError) as error:
        raise ConversionError("The box is damaged.", "Export the model again.") from error
    return json.loads(str(arrays.pop("about"))), arrays


def _stored(arrays: Mapping[str, Array], name: str) -> Array:
    found = arrays.get(f"{name}/kernel8")
    return arrays[f"{name}/kernel"] if found is None else found


def _kernel(arrays: Mapping[str, Array], name: str) -> Array:
    return _stored(arrays, name).astype(np.float32) * arrays.get(f"{name}/scale", np.float32(1))


def _port(name: str, size: int) -> dict[str, Any]:
    """A border of floats."""
    about = {"dtype": "float32", "scale": None, "zero_point": None}
    return {"name": name, "shape": [1, int(size)], **about}


def _computed(
    about: Mapping[str, Any], arrays: Mapping[str, Array], batch: Sequence[Array]
) -> dict[str, Array]:
    """What every layer hands on."""
    (x,) = batch
    found = {}
    for layer in about["chain"]:
        x = np.asarray(x, np.float32) @ _kernel(arrays, layer["name"])
        x = x + arrays[f"{layer['name']}/bias"]
        if layer["activation"] == "relu":
            x = np.maximum(x, 0)
        elif layer["activation"] == "softmax":
            x = np.exp(x - x.max(axis=-1, keepdims=True))
            x = x / x.sum(axis=-1, keepdims=True)
        found[layer["name"]] = x
    return found
