"""Finished files that cannot be opened are told by what is wrong with them."""

import os
from pathlib import Path

import pytest
from tests import tiny_models
from tests.unit.test_cli_measuring import SCRIPTED, write

from edgehone.cli.app import main
from edgehone.system.bounds import MODEL_BYTES


@pytest.mark.parametrize("command", ["inspect", "bench", "gate", "bundle"])
def test_a_file_that_no_runtime_can_address_is_not_told_as_a_crash(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = tiny_models.dense(tmp_path)
    os.truncate(huge, MODEL_BYTES + 1)
    budgets = str(write(tmp_path / "b.toml", 'metric = "size_bytes"\nmax = "1 MiB"'))
    words = {
        "inspect": [str(huge)],
        "bench": [str(huge), *SCRIPTED],
        "gate": [budgets, str(huge), *SCRIPTED],
        "bundle": [str(huge), "-o", str(tmp_path / "r.zip")],
    }
    assert main([command, *words[command]]) == 5
    assert f"{huge} has 2 GiB, more than is read of such a file" in capsys.readouterr().err


def test_a_damaged_store_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "store.sqlite").write_bytes(b"garbage" * 100)
    budgets = str(write(tmp_path / "b.toml", 'metric = "latency_p50_ms"\nmax = "1 s"'))
    model = str(tiny_models.dense(tmp_path))
    assert main(["gate", budgets, model, *SCRIPTED, "--folder", str(folder)]) == 2
    told = capsys.readouterr().err
    assert "file is not a database" in told
    assert "measure:" not in told
