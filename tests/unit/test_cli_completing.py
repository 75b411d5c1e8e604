"""A shell completes the values of arguments: quickly, and with all there is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgehone import precisions, targets
from edgehone.compress._base import Technique
from edgehone.decide.budget_metrics import METRICS
from edgehone.formats._base import Format
from edgehone.store import Store
from edgehone.system import variants


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a project, the user's own configuration, and two runs."""
    own = tmp_path / "config" / "edgehone"
    (own / "targets").mkdir(parents=True)
    (own / "targets" / "my-board.toml").write_text('architecture = "aarch64"\n')
    (own / "config.toml").write_text(
        '[devices.bench-pi]\ntarget = "my-board"\naddress = "ssh://a"\n'
    )
    (tmp_path / "edgehone.toml").write_text(
        '[devices.desk-pi]\ntarget = "my-board"\naddress = "ssh://b"\n'
    )
    (tmp_path / "runs" / "demo").mkdir(parents=True)
    for _ in range(2):
        (tmp_path / "runs" / Store(tmp_path / "runs").create_run({})).mkdir()
    return tmp_path


def completed(home: Path, *words: str) -> set[str]:
    """What bash is offered in place of the last word; nothing heavy may be loaded for it."""
    program = (
        "import sys; from edgehone.cli.app import main; code = main([]);"
        "heavy = {'tensorflow', 'keras', 'sqlalchemy', 'rich', 'onnx'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    line = ["edgehone", *words]
    asked = {
        "_EDGEHONE_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(line),
        "COMP_CWORD": str(len(line) - 1),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    environment = {key: value for key, value in os.environ.items() if key != "EDGEHONE_RUNS"}
    child = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
        env={**environment, **asked},
    )
    assert child.stderr == "[]\n"
    return set(child.stdout.split())


def test_techniques(home: Path) -> None:
    known = set(variants.names("edgehone.compress", Technique))
    assert completed(home, "techniques", "") == known
    assert completed(home, "techniques", "prune") == {"prune_channels", "prune_weights"}


@pytest.mark.slow
def test_precisions_and_formats_also_after_a_comma(home: Path) -> None:
    assert completed(home, "export", "m.keras", "--precision", "") == set(precisions.names())
    found = completed(home, "export", "m.keras", "--precision", "int8,fl")
    assert found == {"int8,float32", "int8,float16"}
    known = set(variants.names("edgehone.formats", Format))
    for command in ("export", "compress"):
        assert completed(home, command, "m.keras", "--format", "") == known


def test_targets(home: Path) -> None:
    shipped = {file.stem for file in targets.folder().glob("*.toml")}
    assert completed(home, "devices", "add", "pi", "") == {*shipped, "my-board"}


@pytest.mark.slow
def test_devices(home: Path) -> None:
    known = {"arm-emulated", "local", "bench-pi", "desk-pi"}
    for words in (["bench", "a.tflite"], ["run"], ["gate", "b.toml"], ["devices"]):
        assert completed(home, *words, "--on", "") == known
    assert completed(home, "devices", "forget", "") == {"bench-pi"}
    assert completed(home, "bench", "a.tflite", "--config", "no.toml", "--on", "") == (
        known - {"desk-pi"}
    )


@pytest.mark.slow
def test_runs_by_id_and_by_name(home: Path) -> None:
    store = Store(home / "runs")
    for name in ("first-try", "", "first-try"):
        (home / "runs" / store.create_run({"name": name})).mkdir()
    known = {"first-try", *(record.id for record in store.runs())}
    assert completed(home, "report", "fir") == {"first-try"}
    for words in (["report"], ["run", "--resume"], ["gate", "b.toml", "--run"]):
        assert completed(home, *words, "") == {"latest", *known}
    assert completed(home, "report", "--folder", "elsewhere", "") == set()


@pytest.mark.slow
def test_metrics(home: Path) -> None:
    assert completed(home, "init", "--minimize", "") <= set(METRICS)
    assert completed(home, "init", "--minimize", "size") == {"size_bytes"}


def test_a_file_that_is_no_toml_names_no_devices(home: Path) -> None:
    (home / "edgehone.toml").write_text("[devices")
    assert completed(home, "run", "--on", "d") == set()
