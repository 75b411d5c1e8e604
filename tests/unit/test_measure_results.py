"""What a device's outputs are worth: intervals know which samples belong together."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tiny_models

from edgehone.cli.app import main


@pytest.mark.slow
def test_intervals_draw_the_samples_of_a_group_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_models.dense(tmp_path, name="net")
    rng = np.random.default_rng(0)
    x = np.repeat(rng.random((12, 6)).astype(np.float32), 20, axis=0)
    y, group = np.repeat(rng.integers(0, 3, 12), 20), np.repeat(np.arange(12), 20)
    widths = []
    alone: dict[str, Any] = {"x": x, "y": y}
    for arrays in (alone, {**alone, "group": group}):
        splits = ("train", "val", "test")
        every = {f"{name}_{s}": v for s in splits for name, v in arrays.items()}
        np.savez("data.npz", allow_pickle=False, **every)
        capsys.readouterr()
        words = ["bench", "net.tflite", "--data", "data.npz", "--on", "local@scripted://"]
        assert main([*words, "--json"]) in (0, 3)
        found = json.loads(capsys.readouterr().out)
        low, high = found["measurements"][0]["accuracy"]["ci95"]
        widths.append(high - low)
    assert widths[1] > 2 * widths[0]
