"""Layers of the user's own, named under [model] custom, through the store and back."""

import sys
from pathlib import Path

import numpy as np
import pytest

from edgehone.config import load
from edgehone.run.stages.importing import import_model
from edgehone.run.workspace import Workspace, opened
from edgehone.store import Store

MODULE = """
import keras
class Quadrupling(keras.layers.Layer):
    def call(self, x): return x * 4
"""


def test_a_project_names_modules_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "edgehone.toml"
    path.write_text(
        '[model]\nteacher = "t.keras"\ncustom = ["python:mine", "python:mine:Own"]\n'
        '[data]\nsource = "digits"\n[[budget]]\nmetric = "size_bytes"\nmax = 100\n'
    )
    assert load(path).model.custom == ("python:mine", "python:mine:Own")


@pytest.mark.slow
def test_a_model_kept_in_the_store_is_read_with_the_users_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehone.graph import backend
    from edgehone.system.user_code import custom_objects

    keras = backend.keras()
    (tmp_path / "layers_that_quadruple.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    custom = ("python:layers_that_quadruple:Quadrupling",)
    own = custom_objects(custom)["Quadrupling"]
    keras.Sequential([keras.Input((3,)), own(name="own")]).save(tmp_path / "net.keras")
    store = Store(tmp_path / "runs")
    for _ in range(2):  # the second finds the model in the store, in a process that knows nothing
        keras.saving.get_custom_objects().pop("Quadrupling", None)
        workspace = Workspace(store, tmp_path / "runs" / "one", custom=custom)
        with opened(workspace.folder):
            model = import_model(str(tmp_path / "net.keras"), {"file": "abc"}, workspace)
            outputs = workspace.keras_model(model)(np.ones((1, 3)))
        np.testing.assert_array_equal(np.asarray(outputs), 4)
    keras.saving.get_custom_objects().pop("Quadrupling")
    sys.modules.pop("layers_that_quadruple")
