"""`edgehone.app` does what the command does, from objects."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests import app_kits
from tests.kept_run import kept_run

import edgehone as eh
from edgehone.system.files import sha256_of


def test_kits_are_written_from_arrays_and_named_classes(tmp_path: Path) -> None:
    file = app_kits.image_net(tmp_path)
    x = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 3)).astype(np.uint8)
    kits = eh.app(
        file, tmp_path / "k", ["linux", "web"], data=x, classes=list("abcde"), scale=1 / 255
    )
    assert [each["platform"] for each in kits["kits"]] == ["linux", "web"]
    model = json.loads((tmp_path / "k/linux/model.json").read_text())
    assert model["classes"] == list("abcde")
    content = (tmp_path / "k/linux/golden.bin").read_bytes()
    assert content[:108] in {sample.tobytes() for sample in x}


def test_a_run_gives_its_winner(tmp_path: Path) -> None:
    kept = kept_run(tmp_path, data={"scale": 0.25, "offset": -1.0})
    kits = eh.app(eh.Run.open(kept.run, kept.folder), tmp_path / "k", "linux", data="random")
    (kit,) = kits["kits"]
    assert kit["model"]["run"] == kept.run
    assert kit["artifact"]["sha256"] == sha256_of(kept.winner)
    (given,) = kit["model"]["inputs"]
    assert given["scaling_known"] is True
    assert (given["mean"], given["deviation"]) == ([4.0], [4.0])  # (x - 4) / 4 is x * 0.25 - 1


def test_logs_of_apps_become_measurements(tmp_path: Path) -> None:
    file = app_kits.numbers_net(tmp_path)
    detail = {"schema": 1, "sha256": sha256_of(file), "platform": "ios", "latency_ms": [1, 2]}
    (tmp_path / "log").write_text("edgehone-app " + json.dumps(detail))
    (found,) = eh.app_measurements(tmp_path / "log", model=file, runs=tmp_path / "runs")
    assert found.device.name == "app:ios"
    assert found.conditions["source"] == "app"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"platforms": "lynux"}, "Unknown platform"),
        ({"platforms": "linux", "input_kind": 3}, "input_kind is"),
        ({"platforms": "linux", "std": [0.0]}, "std is 0"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    file = app_kits.numbers_net(tmp_path)
    with pytest.raises(eh.EdgehoneError, match=message):
        eh.app(file, tmp_path / "k", **arguments)  # type: ignore[arg-type]  # what is tested
    assert not (tmp_path / "k").exists()
