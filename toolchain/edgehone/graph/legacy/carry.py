"""How a model of Keras 2 comes in: opened in a child process, rebuilt in Keras 3, and compared."""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.errors import ModelError, UsageError
from edgehone.graph import backend, consent
from edgehone.graph.legacy.assemble import Assembly
from edgehone.graph.legacy.origin import is_wrapped, version
from edgehone.graph.legacy.samples import spread
from edgehone.graph.legacy.worker import PROBED
from edgehone.graph.old_files import readable
from edgehone.graph.wiring import functional
from edgehone.system import confinement, installing, interface, processes

LIMIT_S = 600.0
"""Importing TensorFlow and TFMOT takes 10-20 s; a busy small machine may need much longer."""
TOLERANCE = 1e-4
"""Largest error allowed, relative to the largest value of the output."""
HALF_TOLERANCE = 2e-2
"""The same for models that compute in 16 bits, whose results depend on the order of sums."""

_HALF = ("float16", "bfloat16")


@dataclass(frozen=True)
class Carried:
    """A Keras 3 model made of an old one, and its largest relative error on the same inputs."""

    model: Any
    error: float


def carry(
    path: Path,
    config: Mapping[str, Any],
    *,
    trust: bool = False,
    custom: Sequence[str] = (),
    direct: Any = None,
    timeout_s: float = LIMIT_S,
) -> Carried:
    """The model in a file or SavedModel folder of tf_keras as a Keras 3 model of equal outputs.

    config: what the file says of its model, which `origin.refuse` has let pass. Wrappers of TFMOT
    are taken off; quantization-aware models come in as the float models they train. direct: what
    Keras 3 itself made of the file, which is taken if it computes the same. Raises UsageError
    without tf_keras, and ModelError that names the layer that is in the way.
    """
    _require_packages(path, config)
    with (
        TemporaryDirectory(prefix="edgehone-") as scratch,
        readable(path, dict(config), keras_3=False) as file,
    ):
        folder = Path(scratch)
        job = {
            "path": str(file.absolute()),
            "name": str(path),
            "config": dict(config),
            "wrapped": is_wrapped(config),
            "custom": list(custom),
            "interface": interface.current().to_json(),
            "home": str(confinement.working_folder()),
            "trust": trust,
        }
        (folder / "job.json").write_text(json.dumps(job))
        _run(folder, path, timeout_s)
        plain = json.loads((folder / "model.json").read_text())
        # A library in the child that a file has overcome may say anything.
        consent.require_consent({"layers": list(_layers(plain))}, path, trust=trust)
        kept = _arrays(folder / "data.npz")
        tolerance = HALF_TOLERANCE if _computes_in_half(plain) else TOLERANCE
        if direct is not None and (error := largest_error(direct, kept)) <= tolerance:
            return Carried(direct, error)
        assembly = Assembly(plain, _arrays(folder / "weights.npz"), trust=trust)
        error = largest_error(assembly.model, kept)
        if error > tolerance:
            raise _differs(path, error, _first_to_differ(assembly, kept, tolerance))
        return Carried(assembly.model, error)


def _require_packages(path: Path, config: Mapping[str, Any]) -> None:
    needed = {"tf_keras": True, "tensorflow_model_optimization": is_wrapped(config)}
    for package, wanted in needed.items():
        if wanted and importlib.util.find_spec(package) is None:
            text = f"Keras {version(path, config)}".strip()
            raise UsageError(
                f"{path} was written by {text}, and opening it needs the package {package!r}, "
                "which is not installed.",
                f"Install it: {installing.command('legacy')}.",
            )


def _run(folder: Path, path: Path, timeout_s: float) -> None:
    """Let the child do the job of a folder. Raises ModelError with what it tells, or how it
    ended.
    """
    finished = processes.run(
        [sys.executable, "-m", "edgehone.graph.legacy.worker", str(folder)],
        timeout_s=timeout_s,
        environment={
            **backend.ENVIRONMENT,
            **confinement.environment(),
            "TF_USE_LEGACY_KERAS": "1",
        },
        folder=folder,
    )
    answer = folder / "answer.json"
    found = json.loads(answer.read_text()) if answer.is_file() else {}
    if "error" in found:
        raise ModelError(found["error"]["message"], found["error"]["hint"])
    if "done" not in found:
        said = finished.stderr.strip().splitlines()[-1:] if finished.exit_code > 0 else []
        raise ModelError(
            f"Opening {path} with tf_keras ended by {finished.ended_by}"
            f"{''.join(f' ({line[:200]})' for line in said)}.",
            "Open it in Python with tf_keras (TF_USE_LEGACY_KERAS=1) and save it as .keras.",
        )


def _layers(plain: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The described layers of a model and of those in it."""
    for layer in plain["layers"].values():
        inner = layer.get("model") or layer.get("each_step")
        if inner is None:
            yield layer
        else:
            yield from _layers(inner)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def largest_error(model: Any, kept: Mapping[str, NDArray[Any]]) -> float:
    """The largest relative error of a Keras 3 model's outputs on the inputs that were kept; for
    a model that takes or gives other shapes, infinite.
    """
    errors = []
    for number in (0, 1):
        inputs, expected = (list(_numbered(kept, f"{axis} {number}")) for axis in "xy")
        if [tuple(x.shape[1:]) for x in inputs] != [
            tuple(size or x.shape[n + 1] for n, size in enumerate(tensor.shape[1:]))
            for x, tensor in zip(inputs, model.inputs, strict=False)
        ]:
            return float("inf")
        outputs = _outputs(model, inputs)
        if len(outputs) != len(expected):
            return float("inf")
        errors += [relative_error(a, b) for a, b in zip(expected, outputs, strict=True)]
    return max(errors)


def _differs(path: Path, error: float, where: str) -> ModelError:
    return ModelError(
        f"{path} does not compute the same in Keras 3: its outputs differ by {error:.2g} of their "
        f"largest value. {where}",
        "Replace that layer, or build the model in Keras 3 yourself and give it as "
        '"python:module:function".',
    )


def _first_to_differ(assembly: Assembly, kept: Mapping[str, Any], tolerance: float) -> str:
    keras = backend.keras()
    tensors = [tensor for _, tensor in assembly.probes]
    inner = keras.Model(assembly.model.inputs, tensors)
    outputs = _outputs(inner, list(_numbered(kept, "x 0")))
    for (name, _), expected, output in zip(
        assembly.probes, _numbered(kept, "probe"), outputs, strict=True
    ):
        error = relative_error(expected, spread(output, PROBED))
        if error > tolerance:
            return f"The first layer that differs is {name!r} (by {error:.2g})."
    return "No single layer differs by as much; the differences add up."


def _outputs(model: Any, inputs: list[Any]) -> list[NDArray[Any]]:
    keras = backend.keras()
    given = keras.tree.pack_sequence_as(functional(model)._inputs_struct, inputs)
    return [np.asarray(y) for y in keras.tree.flatten(model(given, training=False))]


def relative_error(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """Largest difference over the largest expected magnitude; infinite for other shapes, and
    where only one of the two is a number.
    """
    if expected.shape != found.shape:
        return float("inf")
    left, right = expected.astype(np.float64), found.astype(np.float64)
    if not np.array_equal(np.isfinite(left), np.isfinite(right)):
        return float("inf")
    finite = np.isfinite(left)
    largest = float(np.abs(left[finite]).max(initial=0.0))
    difference = float(np.abs(left[finite] - right[finite]).max(initial=0.0))
    return difference / largest if largest else difference


def _numbered(kept: Mapping[str, Any], name: str) -> Iterator[Any]:
    number = 0
    while f"{name} {number}" in kept:
        yield kept[f"{name} {number}"]
        number += 1


def _computes_in_half(plain: Any) -> bool:
    text = json.dumps(plain["layers"])
    return any(f'"{name}"' in text or f'"mixed_{name}"' in text for name in _HALF)
