"""Damaged copies of everything that is read end in a result or in one of our sentences.

Seeded, and few for CI; EDGEHONE_MUTATIONS=20 makes twenty times as many of each.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests import byte_files, mutations, onnx_files, tflite_files, troubles, unlike_files

from edgehone.actions.lone_files import artifact
from edgehone.compress.recipe import technique_of
from edgehone.compress.recipe.catalogue import catalogue
from edgehone.config import load, load_budgets, load_partial, load_recipes, user_devices
from edgehone.config.template import template
from edgehone.data import load as load_data
from edgehone.data.sources import read
from edgehone.errors import EdgehoneError
from edgehone.formats import _flatbuffer
from edgehone.formats._audit import audit
from edgehone.graph import saved
from edgehone.graph.consent import Keras, require_consent
from edgehone.graph.old_files import readable
from edgehone.targets import folder as profiles
from edgehone.targets import load as load_target
from edgehone.values import Step

TIMES = int(os.environ.get("EDGEHONE_MUTATIONS", "1"))


def all_end_in_sentences(reader: Callable[[], Any], copies: Iterable[Any], path: Path) -> int:
    """Read every copy from `path`; how many could be read."""
    read_well = 0
    for number, copy in enumerate(copies):
        path.write_bytes(copy)
        found = ending(reader, f"copy {number}")
        read_well += found is None
        assert found is None or found.exit_code in (2, 5)
    return read_well


def ending(reader: Callable[[], Any], what: str) -> EdgehoneError | None:
    """The error that reading ends in, which must be one of ours; None when it succeeds."""
    try:
        reader()
    except EdgehoneError as error:
        return error
    except BaseException as error:
        error.add_note(what)
        raise
    return None


ARTIFACTS: dict[str, Callable[[Path], Path]] = {
    "float": tflite_files.float_file,
    "bytes": byte_files.unsigned_file,
    "indices": unlike_files.counted_tflite,
    "onnx": onnx_files.float_file,
    "onnx of two inputs": unlike_files.mixed_onnx,
}


@pytest.mark.parametrize("name", ARTIFACTS)
def test_tables_of_artifacts(name: str, tmp_path: Path) -> None:
    path = ARTIFACTS[name](tmp_path)
    reader = audit if path.suffix == ".onnx" else _flatbuffer.read
    copies = mutations.damaged(path.read_bytes(), 100 * TIMES)
    all_end_in_sentences(lambda: reader(path), copies, path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["float", "bytes", "indices"])
def test_artifacts_as_commands_read_them(name: str, tmp_path: Path) -> None:
    path = ARTIFACTS[name](tmp_path)
    copies = mutations.damaged(path.read_bytes(), 25 * TIMES, seed=1)
    all_end_in_sentences(lambda: artifact(path), copies, path)


def _checked(path: Path) -> None:
    config = saved.read_config(path)
    saved.require_graph(config, path)
    require_consent(config, path, trust=False, keras=Keras(dict, lambda module, name: False))
    with readable(path, config):
        pass


def test_keras_archives(tmp_path: Path) -> None:
    described = troubles.described(troubles.layer("Dense", units=3), troubles.layer("Conv2D"))
    path = troubles.keras_zip(tmp_path / "net.keras", described)
    _checked(path)
    whole = path.read_bytes()
    all_end_in_sentences(lambda: _checked(path), mutations.damaged(whole, 200 * TIMES), path)


def test_descriptions_of_models(tmp_path: Path) -> None:
    described = troubles.described(troubles.layer("Dense", units=3), troubles.layer("Conv2D"))

    def copies() -> Iterable[bytes]:
        for config in mutations.altered(described, 150 * TIMES):
            yield troubles.keras_zip(tmp_path / "odd.keras", config).read_bytes()

    path = tmp_path / "net.keras"
    all_end_in_sentences(lambda: _checked(path), copies(), path)


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays(compressed: bool, tmp_path: Path) -> None:
    stream = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    x = np.random.default_rng(0).random((60, 4)).astype(np.float32)
    save(stream, x=x, y=np.arange(60) % 3, class_names=np.array(["a", "b", "c"]))
    path = tmp_path / "data.npz"
    copies = mutations.damaged(stream.getvalue(), 200 * TIMES)
    all_end_in_sentences(lambda: load_data(str(path)), copies, path)


def test_headers_of_arrays(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.arange(30, dtype=np.float32).reshape(10, 3))

    def copies() -> Iterable[bytes]:
        for copy in mutations.damaged(stream.getvalue(), 200 * TIMES):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("x.npy", copy)
            yield packed.getvalue()

    path = tmp_path / "data.npz"
    all_end_in_sentences(lambda: read(str(path)), copies(), path)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "tiff", "bmp", "webp"])
def test_images(kind: str, tmp_path: Path) -> None:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (12, 9, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(stream, kind)
    (tmp_path / "data" / "cat").mkdir(parents=True)
    path = tmp_path / "data" / "cat" / f"0.{kind}"
    copies = mutations.damaged(stream.getvalue(), 60 * TIMES)
    all_end_in_sentences(lambda: read(str(tmp_path / "data"), (8, 8, 3)), copies, path)


RECIPES = '[[recipe]]\nname = "half"\nsteps = [{technique = "prune_channels", ratio = 0.5}]\n'


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (load, template()),
        (load_partial, template()),
        (load_budgets, troubles.BUDGET * 3),
        (load_recipes, RECIPES),
    ],
    ids=["project", "part", "budgets", "recipes"],
)
def test_configurations(reader: Callable[[Path], Any], text: str, tmp_path: Path) -> None:
    path = tmp_path / "edgehone.toml"
    copies = mutations.damaged(text.encode(), 150 * TIMES)
    all_end_in_sentences(lambda: reader(path), copies, path)


def test_profiles(tmp_path: Path) -> None:
    whole = (profiles() / "raspberry-pi-5.toml").read_bytes()
    path = tmp_path / "board.toml"
    all_end_in_sentences(lambda: load_target(path), mutations.damaged(whole, 200 * TIMES), path)


def test_the_users_own_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "edgehone" / "config.toml"
    path.parent.mkdir()
    text = '[devices.pi]\ntarget = "raspberry-pi-5"\naddress = "ssh://pi@board"\n'
    copies = mutations.damaged(text.encode(), 100 * TIMES)
    all_end_in_sentences(user_devices, copies, path)


def _toml(value: Any) -> str:
    """A value in TOML, as far as TOML can say it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)


PROJECT: dict[str, Any] = {
    "model": {"teacher": "t.keras", "custom": ["python:a"]},
    "data": {"source": "digits", "calibration": 50, "scale": 1.0},
    "task": {"kind": "classification", "metric": "accuracy"},
    "budget": [{"metric": "size_bytes", "max": "200 KiB", "device": "pi"}],
    "recipe": [{"name": "half", "steps": [{"technique": "distill", "epochs": 4}]}],
    "distill": {"epochs": 3, "soft": 0.5, "hints": "depth"},
    "search": {"rounds": 3, "minutes": 1.5, "precisions": ["int8"]},
    "measure": {"blocks": 3, "minimum_s": 0.1, "minimum_count": 3, "threads": 1},
    "export": {"formats": ["tflite"]},
    "devices": {"pi": {"target": "raspberry-pi-5", "address": "ssh://pi@board"}},
}


@pytest.mark.slow
def test_settings_of_techniques() -> None:
    for entry in catalogue():
        for setting in entry["settings"]:
            for number, value in enumerate(mutations.ODD):
                step = Step(entry["name"], {setting["name"]: value})
                ending(partial(technique_of, step), f"{step}, {number}")


@pytest.mark.slow
def test_projects_of_odd_values(tmp_path: Path) -> None:
    path = tmp_path / "edgehone.toml"

    def copies() -> Iterable[bytes]:
        for value in mutations.altered(PROJECT, 200 * TIMES):
            lines = (f"{json.dumps(key)} = {_toml(each)}\n" for key, each in value.items())
            yield "".join(lines).encode(errors="replace")

    path.write_text("".join(f"{key} = {_toml(each)}\n" for key, each in PROJECT.items()))
    load(path)
    read_well = all_end_in_sentences(lambda: load(path), copies(), path)
    assert read_well < 150 * TIMES
