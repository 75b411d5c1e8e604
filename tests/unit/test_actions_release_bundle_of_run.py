"""A run of the whole loop, bundled: every hash in the bundle is that of a file that was there."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests import release_keys, small_project

import edgehone as eh

FORMATS = ("tflite", "onnx")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    return small_project.write(folder, rounds=1, formats=json.dumps(list(FORMATS)))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_run_is_bundled_signed_verified_and_tagged(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    run = eh.run(project, on=small_project.device(project.parent), folder=tmp_path / "runs")
    assert run.winner is not None
    keys, path = release_keys.pair(tmp_path), tmp_path / "release.zip"
    eh.bundle(run, path, licence="Apache-2.0", signer=keys.private)
    assert eh.verify(path, trust=keys.public)["signature"]["state"] == "trusted"
    found = eh.release(path, "v1", trust=keys.public, folder=run.place)
    assert found["release"]["decision"] == run.decision
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    evidence: Any = json.loads(contents["evidence.json"])
    lineage = evidence["lineage"]
    assert lineage["teacher"]["sha256"] == sha256(project.parent / "teacher.keras")
    assert lineage["data"]["file_sha256"] == sha256(project.parent / "data.npz")
    assert len(lineage["data"]["samples_sha256"]) == 64
    kept = {name: run.folder / "winner" / f"winner.{name}" for name in FORMATS}
    bundled = {each["format"]: each["sha256"] for each in evidence["artifacts"]}
    assert bundled == {name: sha256(file) for name, file in kept.items() if file.exists()}
    assert set(bundled) == set(FORMATS)
    assert {each["artifact"]["format"] for each in evidence["measurements"]} == set(FORMATS)
    assert all(each["latency_ms"]["samples"] for each in evidence["measurements"])
    again = eh.bundle(run.id, tmp_path / "again.zip", licence="Apache-2.0", folder=run.place)
    assert again.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
