"""What the child process does with Keras models beside converting them: load, describe, run."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.export.keras_outputs import predict_all
from edgehone.export.ports import ports_of_model
from edgehone.graph import loading
from edgehone.graph.scaling import input_scaling
from edgehone.graph.supported import require_formats, require_supported
from edgehone.values import Event

Job = dict[str, Any]
Tell = Callable[[Job], None]
"""Sends a message to the parent before the answer."""


class Host:
    """The model that was loaded last; a job that needs another one reads it from its file."""

    def __init__(self) -> None:
        self._path = ""
        self._model: Any = None

    def load(self, job: Job, tell: Tell) -> Job:
        """Load a model, refuse what no file can hold, and write it to job["destination"] as a
        .keras file: {"model", "ports", "scaling"}.
        """

        def progress(event: Event) -> None:
            tell({"event": asdict(event)})

        model = loading.load(
            job["source"], trust=job["trust"], custom=job["custom"], progress=progress
        )
        require_supported(model, job["source"], batch=job["batch"])
        require_formats(model, job["formats"])
        saved = loading.save(model, Path(job["destination"]))
        self._path, self._model = job["destination"], model
        return {
            "model": {"sha256": saved.sha256, "params": saved.params, "macs": saved.macs},
            "ports": [asdict(port) for port in ports_of_model(model)],
            "scaling": asdict(input_scaling(model)),
        }

    def predict(self, job: Job) -> Job:
        """Run the model at job["model"] on the arrays in job["inputs"], an .npz file; its outputs
        go to job["outputs"].
        """
        if self._path != job["model"]:
            self._model = loading.load(job["model"], trust=True)
            self._path = job["model"]
        with np.load(job["inputs"], allow_pickle=False) as arrays:
            inputs = [arrays[name] for name in arrays.files]
        np.savez(job["outputs"], allow_pickle=False, **_numbered(predict_all(self._model, inputs)))
        return {}


def _numbered(arrays: tuple[Any, ...]) -> dict[str, Any]:
    return {f"{position:04}": array for position, array in enumerate(arrays)}
