"""Kits for the web: type-checked by TypeScript, run in Node by LiteRT.js and ONNX Runtime Web."""

import json
from pathlib import Path

import pytest
from tests import app_kits, node_packages
from tests.app_kits import made

from edgehone.actions.app.kits import About
from edgehone.actions.app.log import lines

pytestmark = pytest.mark.peer


NAMES = ("awkward", "channels first", "grey", "two inputs", "audio")


def kit(folder: Path, name: str) -> Path:
    """A kit for the web of a model by its name."""
    if name == "awkward":
        about = About(labels=app_kits.labels(folder), name='Blüm$en "1" </script>')
        made(app_kits.image_net(folder), folder / "kit", "web", about=about)
    elif name == "channels first":
        about = About(mean=(0.5, 0.4, 0.3), deviation=(0.5, 0.6, 0.7))
        made(app_kits.channels_first(folder), folder / "kit", "web", about=about)
    elif name == "grey":
        made(app_kits.ended(folder, "LOGISTIC", 1), folder / "kit", "web")
    elif name in app_kits.UNUSUAL:
        made(app_kits.UNUSUAL[name](folder), folder / "kit", "web")
    elif name == "two inputs":
        made(app_kits.two_inputs(folder), folder / "kit", "web", scale=None)
    else:
        made(app_kits.numbers_net(folder), folder / "kit", "web", about=About(kind="audio"))
    return folder / "kit/web"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*app_kits.UNUSUAL, *NAMES])
def test_wrappers_are_typed_and_answer_as_the_exporting_machine(tmp_path: Path, name: str) -> None:
    folder = kit(tmp_path, name)
    done = node_packages.type_checked(folder)
    assert done.returncode == 0, done.stdout
    done = node_packages.run(folder, "test/golden.mjs")
    assert done.returncode == 0, done.stderr
    (text,) = lines(done.stdout, Path("log"))
    assert text.platform == "web"
    assert text.device.startswith("node v")
    assert text.sha256 == json.loads((folder / "model.json").read_text())["model"]["sha256"]


@pytest.mark.slow
def test_a_wrong_normalization_and_a_stale_model_fail(tmp_path: Path) -> None:
    folder = kit(tmp_path, "awkward")
    assert node_packages.type_checked(folder).returncode == 0
    (wrapper,) = folder.glob("dist/*_model.js")
    text = wrapper.read_text()
    wrapper.write_text(text.replace("deviation: [255.0]", "deviation: [250.0]"))
    done = node_packages.run(folder, "test/golden.mjs")
    assert done.returncode == 1
    assert "instead of" in done.stderr
    wrapper.write_text(text)
    model = folder / "public/model.tflite"
    content = bytearray(model.read_bytes())
    content[-5] ^= 1
    model.write_bytes(content)
    done = node_packages.run(folder, "test/golden.mjs")
    assert done.returncode == 1
    assert "another one" in done.stderr


@pytest.mark.slow
def test_a_mistake_in_types_is_found(tmp_path: Path) -> None:
    """The check itself is strict."""
    folder = kit(tmp_path, "grey")
    (wrapper,) = folder.glob("src/*_model.ts")
    wrapper.write_text(wrapper.read_text() + "\nexport const odd: string = INPUTS[0].size;\n")
    done = node_packages.type_checked(folder)
    assert done.returncode
    assert "odd" in done.stdout or "INPUTS" in done.stdout or "TS2" in done.stdout


@pytest.mark.slow
def test_int8_borders_become_float32_for_litert_js(tmp_path: Path) -> None:
    kits = made(app_kits.image_net(tmp_path, integers=True), tmp_path / "kit", "web")
    model = kits["kits"][0]["model"]
    assert {port["dtype"] for port in (*model["inputs"], *model["outputs"])} == {"float32"}
    folder = tmp_path / "kit/web"
    assert node_packages.type_checked(folder).returncode == 0
    done = node_packages.run(folder, "test/golden.mjs")
    assert done.returncode == 0, done.stderr
