"""A bundle makes the contract with an app itself, the same bytes as a kit's, or says what lacks."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import app_kits, kept_run
from tests.app_kits import made

from edgehone.actions.app.kits import About, app
from edgehone.actions.app.kits import Request as Kit
from edgehone.actions.release.bundle import Bundled, Request, bundle
from edgehone.actions.settings import Setting

NAME = "app/model.json"


def inside(found: Bundled) -> bytes | None:
    with zipfile.ZipFile(found.path) as archive:
        return archive.read(NAME) if NAME in archive.namelist() else None


@pytest.mark.slow
def test_a_lone_file_has_the_contract_of_its_kit(tmp_path: Path) -> None:
    file = app_kits.numbers_net(tmp_path)
    made(file, tmp_path / "kit", "linux", about=About(licence="MIT"), scale=None)
    found = bundle(Request((str(file),), tmp_path / "r.zip", licence="MIT"))
    assert inside(found) == (tmp_path / "kit/linux/model.json").read_bytes()
    again = bundle(Request((str(file),), tmp_path / "again.zip", licence="MIT"))
    assert again.sha256 == found.sha256
    assert not [text for text in found.warnings if "contract" in text]


@pytest.mark.slow
def test_a_run_has_the_contract_of_its_kit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data: dict[str, Any] = {}
    for split in ("train", "test"):
        data |= {f"x_{split}": random.random((16, 6), np.float32), f"y_{split}": np.arange(16) % 3}
    np.savez(tmp_path / "data.npz", **data)

    def changes(document: Any) -> None:
        document["project"]["data"] = str(tmp_path / "data.npz")
        document["candidates"][3]["measurement"]["artifact"] |= document["winner"]["artifact"]

    kept = kept_run.kept_run(tmp_path, changes, data={"scale": 0.5})
    kit = Kit(("linux",), tmp_path / "kit", None, kept.run, kept.folder)
    app(kit, Setting())
    found = bundle(Request((kept.run,), tmp_path / "r.zip", kept.folder))
    content = inside(found)
    assert content == (tmp_path / "kit/linux/model.json").read_bytes()
    assert content is not None
    assert json.loads(content)["inputs"][0]["deviation"] == [2.0]


def test_pixels_of_which_nothing_says_how_they_are_scaled_make_no_contract(tmp_path: Path) -> None:
    found = bundle(Request((str(app_kits.image_net(tmp_path)),), tmp_path / "r.zip"))
    assert inside(found) is None
    (missing,) = [text for text in found.warnings if "contract" in text]
    assert "Nothing says how pixels become the numbers" in missing
    assert "give that one" in missing


@pytest.mark.slow
def test_several_files_of_no_run_make_no_contract(tmp_path: Path) -> None:
    files = (str(app_kits.numbers_net(tmp_path)), str(app_kits.two_inputs(tmp_path)))
    found = bundle(Request(files, tmp_path / "r.zip"))
    assert inside(found) is None
    assert any("it has 2 files" in text for text in found.warnings)
