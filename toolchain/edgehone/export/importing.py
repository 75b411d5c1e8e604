"""A Keras model as exporting needs it: kept as a file, described, and run on samples.

Model files are opened in the converter's child process, which then need not be followed by this
one in importing TensorFlow; a function of the user's runs here, where it has the network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edgehone.export.conversion import Converter, Layout
from edgehone.export.ports import Port
from edgehone.formats._base import Array
from edgehone.graph.scaling import InputScaling
from edgehone.system.user_code import is_reference
from edgehone.values import Model, Progress


@dataclass(frozen=True)
class Source:
    """What a model is read from, and what of it is refused: `graph.loading.load` says what trust
    and custom mean. destination: the .keras file that it is kept as.
    """

    model: str
    destination: Path
    formats: Sequence[str]
    layout: Layout
    trust: bool = False
    custom: Sequence[str] = ()


@dataclass(frozen=True)
class Imported:
    """A model that has passed the checks: its file, its inputs, which values it seems to expect,
    and how its outputs are computed, (n, ...) each, of (n, ...) for each input.
    """

    model: Model
    ports: tuple[Port, ...]
    scaling: InputScaling
    compute: Callable[[Sequence[Array]], tuple[Array, ...]]


def import_model(source: Source, converter: Converter, progress: Progress) -> Imported:
    """Read a model and check that it can be exported.

    Raises ModelError for one that cannot be read, ConversionError for one that no file can hold.
    """
    if is_reference(source.model):
        return _here(source, progress)
    job = {
        "verb": "load",
        "source": source.model,
        "destination": str(source.destination.absolute()),
        "trust": source.trust,
        "batch": source.layout.batch,
        "formats": list(source.formats),
    }
    found = converter.ask(job, progress)
    kept = found["model"]
    model = Model(source.destination, kept["sha256"], kept["params"], kept["macs"])
    expects = found["scaling"]["expects"]
    return Imported(
        model,
        tuple(Port(**{**port, "shape": tuple(port["shape"])}) for port in found["ports"]),
        InputScaling(
            tuple(found["scaling"]["layers"]), None if expects is None else tuple(expects)
        ),
        partial(_computed, converter, source.destination),
    )


def _here(source: Source, progress: Progress) -> Imported:
    from edgehone.export.keras_outputs import predict_all
    from edgehone.export.ports import ports_of_model
    from edgehone.graph import loading
    from edgehone.graph.scaling import input_scaling
    from edgehone.graph.supported import require_formats, require_supported

    model = loading.load(source.model, trust=source.trust, custom=source.custom, progress=progress)
    require_supported(model, source.model, batch=source.layout.batch)
    require_formats(model, source.formats)
    saved = loading.save(model, source.destination)
    return Imported(saved, ports_of_model(model), input_scaling(model), partial(predict_all, model))


def _computed(converter: Converter, model: Path, inputs: Sequence[Array]) -> tuple[Array, ...]:
    with TemporaryDirectory(prefix="edgehone-") as folder:
        files = {
            name: str(Path(folder).absolute() / f"{name}.npz") for name in ("inputs", "outputs")
        }
        numbered: dict[str, Any] = {f"{n:04}": array for n, array in enumerate(inputs)}
        np.savez(files["inputs"], allow_pickle=False, **numbered)
        converter.ask({"verb": "predict", "model": str(model.absolute()), **files})
        with np.load(files["outputs"], allow_pickle=False) as arrays:
            return tuple(arrays[name] for name in sorted(arrays.files))
