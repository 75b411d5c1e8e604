"""What users' modules register with Keras lasts as long as the command that names them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from edgehone.cli.app import main
from edgehone.graph import backend, registry
from edgehone.graph.loading import load

pytestmark = pytest.mark.slow

MODULE = """
import keras
@keras.saving.register_keras_serializable("lasting")
class Sevenfold(keras.layers.Layer):
    def call(self, x): return x * 7
class Eightfold(keras.layers.Layer):
    def call(self, x): return x * 8
def build():
    return keras.Sequential([keras.Input((3,)), Sevenfold()])
"""
NAME = "module_with_lasting_layers"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / f"{NAME}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop(NAME, None)
    with registry.command():
        model = load(f"python:{NAME}:build")
        model.save(tmp_path / "seven.keras")
        own = sys.modules[NAME].Eightfold
        keras = backend.keras()
        keras.Sequential([keras.Input((3,)), own(name="own")]).save(tmp_path / "eight.keras")
    return tmp_path


def test_a_command_knows_what_it_was_given_and_the_next_one_does_not(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = backend.keras().saving.get_custom_objects()
    before = dict(known)
    assert before
    for name, custom in (("seven", f"python:{NAME}"), ("eight", f"python:{NAME}:Eightfold")):
        for _ in range(2):  # imported once, registered for each command
            assert main(["inspect", f"{name}.keras", "--custom", custom]) == 0, (
                capsys.readouterr().err
            )
            assert known == before
            assert main(["inspect", f"{name}.keras"]) == 5
            assert "Keras does not know" in capsys.readouterr().err
    assert str(files) not in sys.path


def test_what_was_registered_before_a_command_is_put_back(files: Path) -> None:
    known = backend.keras().saving.get_custom_objects()
    known["lasting>Sevenfold"] = object
    with registry.command():
        model = load("seven.keras", custom=[f"python:{NAME}"])
        np.testing.assert_array_equal(np.asarray(model(np.ones((1, 3)))), 7)
    assert known.pop("lasting>Sevenfold") is object
    sys.modules.pop(NAME)
