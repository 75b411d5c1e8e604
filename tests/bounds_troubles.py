"""Shapes of trouble: what is too large, too deep or no file, and answers that cannot be."""

import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.system.bounds import BLOCKS, DESCRIPTION_BYTES, LISTED
from tests import archive_files, tiny_models
from tests.troubles import BUDGET, SCRIPTED, WHOLE, Make, Trouble, described, keras_zip, layer

START = {"event": "start", "protocol": 2, "runtimes": {"litert": "1"}}
TIMES: dict[str, Any] = {"init_ns": 9, "cold_ns": 9, "samples_ns": [9] * 40, "runs": 40}


def _gating(text: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        (folder / "budgets.toml").write_text(text)
        return ["gate", "budgets.toml", "net.tflite", *SCRIPTED]

    return make


def _project(text: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "edgehone.toml").write_text(WHOLE + text)
        return ["run"]

    return make


def _nulled(folder: Path) -> Sequence[str]:
    (folder / "edgehone.toml").write_text(WHOLE.replace('"digits"', '"a\\u0000b"'))
    return ["run"]


def _piped(*words: str) -> Make:
    """A command that is given a pipe of the name "pipe" and any suffix."""

    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        for word in words:
            if Path(word).stem == "pipe":
                os.mkfifo(folder / word)
        return words

    return make


def _keras(change: Callable[[Path], None]) -> Make:
    def make(folder: Path) -> Sequence[str]:
        change(keras_zip(folder / "net.keras", described(layer("Dense", units=3))))
        return ["inspect", "net.keras"]

    return make


def _without(name: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            kept = {each: archive.read(each) for each in archive.namelist() if each != name}
        with zipfile.ZipFile(path, "w") as archive:
            for each, content in kept.items():
                archive.writestr(each, content)

    return change


def _swollen(name: str) -> Callable[[Path], None]:
    """A member of a thousand times its packed size."""

    def change(path: Path) -> None:
        _without(name)(path)
        archive_files.zeros(path, name, DESCRIPTION_BYTES + 1)

    return change


def _deep(path: Path) -> None:
    _without("config.json")(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "[" * 100_000)


def _declared(folder: Path) -> Sequence[str]:
    tiny_models.dense(folder, name="net")
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(name, archive_files.npy_header(2**40) + bytes(80))
    return ["bench", "net.tflite", "--data", "data.npz", *SCRIPTED]


def _gigapixel(folder: Path) -> Sequence[str]:
    tiny_models.dense(folder, name="net")
    for name in ("cat", "dog"):
        (folder / "data" / name).mkdir(parents=True)
        archive_files.png(folder / "data" / name / "0.png", 30_000, 30_000)
    return ["bench", "net.tflite", "--data", "data", *SCRIPTED]


def _far_tensor(folder: Path) -> Sequence[str]:
    from edgehone.formats import _flatbuffer

    path = tiny_models.dense(folder, name="net")
    model = _flatbuffer.read(path)
    model.subgraphs[0].operators[0].inputs = np.array([0, 1, 700], np.int32)
    path.write_bytes(_flatbuffer.pack(model))
    return ["inspect", "net.tflite"]


def _huge_tensor(folder: Path) -> Sequence[str]:
    from edgehone.formats import _flatbuffer

    path = tiny_models.dense(folder, name="net")
    model = _flatbuffer.read(path)
    model.subgraphs[0].tensors[0].shape = np.array([2**30, 6], np.int32)
    path.write_bytes(_flatbuffer.pack(model))
    return ["inspect", "net.tflite"]


BOUNDS = (
    Trouble(
        "too many budgets",
        _gating(BUDGET * (LISTED + 1)),
        2,
        f"must have at most {LISTED} entries",
        "Correct the value",
    ),
    Trouble(
        "a hundred thousand budgets",
        _gating(BUDGET * 100_000),
        2,
        "more than is read of such a file",
        "Check that it is the file you mean",
    ),
    Trouble(
        "a key of fifty thousand parts",
        _gating(".".join(["a"] * 50_000) + " = 1\n"),
        2,
        "more than 50 parts of a key within one another",
        "Make it shorter",
    ),
    Trouble(
        "brackets without end",
        _gating("a = " + "[" * 50_000),
        2,
        "more than 50 brackets within one another",
        "Make it shorter",
    ),
    Trouble(
        "an integer of five thousand digits",
        _gating(BUDGET.replace("100", "9" * 5000)),
        2,
        "an integer of more than 4300 digits",
        "Make it shorter",
    ),
    Trouble(
        "a pipe of budgets",
        _piped("gate", "pipe.toml", "net.tflite"),
        2,
        "is a pipe, not a file",
        "copy it into one first",
    ),
    Trouble(
        "a pipe of data",
        _piped("bench", "net.tflite", "--data", "pipe.npz", *SCRIPTED),
        2,
        "is a pipe, not a file",
        "copy it into one first",
    ),
    Trouble(
        "blocks without end",
        _piped("bench", "net.tflite", "--blocks", "1000000000000"),
        2,
        f"less than or equal to {BLOCKS}",
        "edgehone bench --help",
    ),
    Trouble(
        "epochs without end",
        _project("[distill]\nepochs = 1000000000\n"),
        2,
        "must be less than or equal to",
        "Correct the value",
    ),
    Trouble(
        "blocks that last for ever",
        _project("[measure]\nminimum_s = 1e300\n"),
        2,
        "must be less than or equal to",
        "Correct the value",
    ),
    Trouble(
        "a name of 4096 characters",
        _gating(BUDGET + f'device = "{"x" * 4096}"\n'),
        2,
        "at most 200 characters",
        "Correct the value",
    ),
    Trouble(
        "a path with a null byte",
        _nulled,
        2,
        "a null byte, which no path and no name has",
        "Correct the value",
    ),
    Trouble(
        "a .keras without metadata",
        _keras(_without("metadata.json")),
        5,
        "is a ZIP archive, but not of a Keras model",
        "save the model again",
    ),
    Trouble(
        "a swollen description",
        _keras(_swollen("config.json")),
        5,
        "more than is read of it",
        "save the model again",
    ),
    Trouble(
        "swollen metadata",
        _keras(_swollen("metadata.json")),
        5,
        "more than is read of it",
        "save the model again",
    ),
    Trouble("a deep description", _keras(_deep), 5, "more than 200 levels", "save the model again"),
    Trouble(
        "arrays that are not there",
        _declared,
        2,
        "of numbers and holds 80 bytes",
        "Copy or download the file again",
    ),
    Trouble(
        "an image of 900 megapixels",
        _gigapixel,
        2,
        "has more than 100 million pixels",
        "Make it smaller",
    ),
    Trouble(
        "an operator of a tensor that is not there",
        _far_tensor,
        5,
        "an input of operator 0 of graph 0 is number",
        "Export the model again",
    ),
    Trouble(
        "a tensor of 24 GiB",
        _huge_tensor,
        5,
        "one of its tensors has 24 GiB",
        "Export the model again",
    ),
)
"""Troubles with what is too large, too deep, or no file."""


def _answering(*lines: Any) -> Make:
    """A device that answers with these lines to a bench of one block without memory."""

    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
        (folder / "script.json").write_text(json.dumps({"answers": [{"stdout": text}]}))
        device = ["--on", "local@scripted://script.json"]
        return ["bench", "net.tflite", "--blocks", "1", "--no-memory", *device]

    return make


def _job(**changes: Any) -> dict[str, Any]:
    return {"event": "job", "job": "0/latency/0", "kind": "latency", **TIMES, **changes}


END = {"event": "end", "jobs": 1}

NONSENSE = (
    Trouble(
        "a time below zero",
        _answering(START, _job(samples_ns=[5, -5]), END),
        4,
        "answers what cannot be",
        "With --debug, the line",
    ),
    Trouble(
        "no time at all",
        _answering(START, _job(cold_ns=0), END),
        4,
        "answers what cannot be",
        "With --debug, the line",
    ),
    Trouble(
        "texts for times",
        _answering(START, _job(samples_ns="fast"), END),
        4,
        "answers what cannot be",
        "Measure again",
    ),
    Trouble(
        "a list of conditions",
        _answering(START, _job(conditions=[]), END),
        4,
        "answers what cannot be",
        "Measure again",
    ),
    Trouble(
        "an answer as deep as the sea",
        _answering(START, '{"event": ' + "[" * 100_000, END),
        4,
        "answers what cannot be",
        "Measure again",
    ),
    Trouble(
        "a job answered twice",
        _answering(START, _job(), _job(), END),
        4,
        "answers what cannot be",
        "Measure again",
    ),
)
"""Troubles with devices that answer what cannot be."""
