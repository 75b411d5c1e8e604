"""Kits for MediaPipe Tasks: its image classifier runs the file and answers as expected."""

from pathlib import Path

import pytest
from tests import app_kits
from tests.app_kits import made
from tests.machines.python_packages import packages, run

from edgehone import formats
from edgehone.actions.app.kits import About
from edgehone.errors import ConversionError


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("integers", [False, True])
def test_mediapipe_answers_as_the_exporting_machine(tmp_path: Path, integers: bool) -> None:
    (tmp_path / "names.txt").write_text("\n".join(["ant", "bee", "cat", "dog", "eel"]))
    about = About(labels=tmp_path / "names.txt", name="Animals", licence="MIT")
    file = app_kits.image_net(tmp_path, integers=integers)
    made(file, tmp_path / "kit", "mediapipe", about=about)
    folder = packages("mediapipe", "mediapipe==1.2.3")
    path = tmp_path / "kit/mediapipe/test_golden.py"
    text = run(folder, f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')")
    assert "edgehone-app {" in text


@pytest.mark.slow
def test_int8_borders_become_others_and_the_contract_says_which(tmp_path: Path) -> None:
    file = app_kits.image_net(tmp_path, integers=True)
    kits = made(file, tmp_path / "kit", "mediapipe", about=About(labels=app_kits.labels(tmp_path)))
    row = kits["kits"][0]
    model = row["model"]
    assert {port["dtype"] for port in (*model["inputs"], *model["outputs"])} <= {"uint8", "float32"}
    content = (Path(row["folder"]) / "model.tflite").read_bytes()
    found = formats.load("tflite").metadata(content)
    assert found is not None
    assert found.outputs[0].labels == app_kits.AWKWARD
    assert found.inputs[0].deviation == (255.0,)
    assert row["artifact"]["sha256"] == model["model"]["sha256"]


@pytest.mark.parametrize("name", ["grey", "numbers"])
def test_what_is_no_classifier_of_rgb_images_is_refused(tmp_path: Path, name: str) -> None:
    make = {"grey": lambda: app_kits.ended(tmp_path, "LOGISTIC", 4)}
    file = make.get(name, lambda: app_kits.numbers_net(tmp_path))()
    with pytest.raises(ConversionError, match=r"images are RGB|is not an image classifier"):
        made(file, tmp_path / "kit", "mediapipe")
    assert not (tmp_path / "kit").exists()
