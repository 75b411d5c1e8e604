"""How models are trained is plain data, the same from a project, from Python and in stage keys."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.actions.api import arguments
from edgehone.actions.settings import Setting
from edgehone.compress.training.options import USUAL, TrainingOptions
from edgehone.config import load_partial
from edgehone.config.training import TrainingSection
from edgehone.data import DataSet, Split
from edgehone.errors import ConfigError, UsageError
from edgehone.run.stages.training import Training
from edgehone.values import Task

PROJECT = """
[data]
augment = ["flip", "python:mine:wind"]
class_weights = {cat = 2.0}
[training]
optimizer = "SGD"
optimizer_settings = {momentum = 0.9}
clipnorm = 1
callbacks = ["python:mine:Logger"]
"""
ASKED = TrainingOptions(
    augment=["flip", "python:mine:wind"],
    class_weights={"cat": 2},
    optimizer="SGD",
    optimizer_settings={"momentum": 0.9},
    clipnorm=1,
    callbacks="python:mine:Logger",
)


def test_a_project_says_the_same_as_python(tmp_path: Path) -> None:
    (tmp_path / "edgehone.toml").write_text(PROJECT)
    setting = Setting((load_partial(tmp_path / "edgehone.toml"),))
    assert setting.options == ASKED
    assert arguments.training(None, setting) == ASKED
    assert arguments.training(USUAL, setting) == USUAL
    with pytest.raises(UsageError, match="training is"):
        arguments.training({"augment": ["flip"]}, setting)


def test_every_key_of_the_table_is_an_option() -> None:
    assert set(TrainingSection.model_fields) <= {each.name for each in fields(TrainingOptions)}


def test_stages_are_looked_up_by_what_is_not_usual() -> None:
    split = Split(np.zeros((4, 2), np.float32), np.arange(4))
    data = DataSet(split, split, split, "made", "0" * 64, 4)

    def identity(options: TrainingOptions) -> dict[str, Any]:
        return Training(data, Task(), 0, np.zeros((1, 2)), options=options).identity

    assert identity(USUAL) == identity(TrainingOptions()) == {}
    assert identity(ASKED) == {
        "training": {
            "augment": ["flip", "python:mine:wind"],
            "class_weights": {"cat": 2.0},
            "optimizer": "SGD",
            "optimizer_settings": {"momentum": 0.9},
            "clipnorm": 1,
            "callbacks": ["python:mine:Logger"],
        }
    }


def test_an_unknown_augmentation_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match="Unknown augmentation 'flop'") as caught:
        TrainingOptions(augment="flop")
    assert "brightness, contrast, crop" in caught.value.hint
