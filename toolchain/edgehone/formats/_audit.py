"""What is in an artifact: operators, data types, borders, and whether "int8" is int8 throughout."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from edgehone.formats._base import Format
from edgehone.formats._finding import of_file
from edgehone.formats._flatbuffer import MALFORMED, damaged
from edgehone.system import files
from edgehone.system.library_errors import sentence
from edgehone.values import Plain

_NOTHING_SAID: Plain = {
    "operators": {},
    "types": {},
    "flex": [],
    "custom": [],
    "integer_only": False,
    "float_layers": [],
    "inputs": [],
    "outputs": [],
    "loops": [],
    "roles": {},
    "quantization": {},
    "constant_bytes": {},
    "arena_bytes": None,
    "delegates": {},
    "layers": [],
    "metadata": None,
    "metadata_fault": "",
}
"""What an audit holds where a format does not say."""

_KEPT = 64
_kept: OrderedDict[tuple[str, str], Plain] = OrderedDict()
"""The last audits of this process, by format and SHA-256: each has a runtime prepare the file."""


def audit(file: Path, form: Format | None = None) -> Plain:
    """What a finished file holds, read without TensorFlow; of equal content, read once.

    Returns {"format", "size_bytes", "operators": {name: count}, "types": {dtype: tensors},
    "flex": [operator], "custom": [operator], "integer_only": whether no tensor that is computed
    is float, "float_layers": [{"name", "operator"}] for operators that compute in float,
    "inputs"/"outputs": [{"name": as the signature calls it, "shape": null for a free size,
    "dtype", "scale", "zero_point", and of inputs "quantized_as": what a float one is quantized to
    at once, {"dtype", "scale", "zero_point"} or null, and "takes": {"low": [number], "high":
    [number], "why"}, which repeat over its elements, where operators bound what it can be}],
    "entry_graph": of TFLite, which graph the first signature runs; 0: the main one,
    "loops": [layer] that run a loop, or one operator that loops (ONNX's LSTM),
    "roles": {role: {dtype: tensors}}, roles being inputs, weights, biases, shapes (plain integers
    that say how to compute), activations, outputs,
    "quantization": {role: {"tensors", "per_channel", "per_tensor": how many are quantized so,
    "scale": [least, most], "zero_point": [least, most], "symmetric": every zero point is 0}},
    "constant_bytes": {layer: bytes}, what operators share counted once,
    "arena_bytes": what the values of one inference take, planned ahead; None: not known,
    "delegates": {"xnnpack": {"delegated", "nodes", "partitions", "macs": {"delegated", "total"},
    "left": {operator: count}, "left_layers": [name]} or {"reason"}}, found by letting XNNPACK take
    what it takes on this machine, in the main graph; {} for ONNX, which has none of it,
    "layers": [{"name", "operator", "types": [input, weights, output], "weight_bytes"}],
    "metadata": what the file says of itself (`edgehone.formats._metadata.About`), or null,
    "metadata_fault": why it cannot be read, or ""}.
    form: by the file's ending if None. Raises ModelError for a file that is damaged, or of no
    format.
    """
    form = form or of_file(file)
    if not file.is_file():
        return _read(file, form)  # which says what is wrong
    key = (form.name, files.sha256_of(file))
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = _read(file, form)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def contents(file: Path, form: Format | None = None) -> Plain:
    """The audit without "delegates", which a runtime would have to be opened for. Raises ModelError
    as `audit` does.
    """
    form = form or of_file(file)
    return _read(file, form, form.contents)


def _read(file: Path, form: Format, look: Callable[[Path], Plain] | None = None) -> Plain:
    try:
        found = (look or form.audit)(file)
    except MALFORMED as error:  # what fits together by itself may yet make no sense as a whole
        raise damaged(str(file), f"what is in it makes no sense ({sentence(error)})") from error
    return {**_NOTHING_SAID, "format": form.name, "size_bytes": file.stat().st_size, **found}
