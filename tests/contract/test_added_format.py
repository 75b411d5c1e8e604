"""A format more is one file, or a user's class: no file of the package is edited."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from tests import _boxed_session, boxed_format
from tests.boxed_format import Boxed
from tests.snr import power_db

import edgehone
from edgehone import formats
from edgehone.actions.lone_files import artifact
from edgehone.actions.settings import Setting
from edgehone.config import load
from edgehone.errors import ConfigError, UsageError
from edgehone.export.artifacts import Reference, export, make_artifact
from edgehone.export.execution import outputs
from edgehone.formats import _finding
from edgehone.formats._base import Calibration
from edgehone.values import LayerSpec, Plain, PrecisionPlan

PACKAGE = Path(edgehone.__file__).parent
REFERENCE = "python:boxed_format:Boxed"
SESSION = "_boxed_session.py"


@pytest.fixture(autouse=True)
def _nothing_named_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test hears of a user's format that one of these names."""
    monkeypatch.setattr(_finding, "_users", {})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of dense layers, data for it, and a copy of the package with a format
    more.
    """
    from edgehone.graph import backend
    from edgehone.graph.loading import save

    folder = tmp_path_factory.mktemp("project")
    keras = backend.keras()
    backend.seed(2)
    source = keras.Input((6,), name="numbers")
    x = keras.layers.Dense(12, activation="relu", name="first")(source)
    model = keras.Model(source, keras.layers.Dense(4, activation="softmax", name="head")(x))
    save(model, folder / "net.keras")
    x = np.random.default_rng(5).normal(0, 1, (400, 6)).astype(np.float32)
    y = np.asarray(model(x)).argmax(axis=-1)
    np.savez(folder / "data.npz", x_train=x[:60], y_train=y[:60])
    np.savez(folder / "all.npz", x=x, y=y)
    shutil.copy(boxed_format.__file__, folder / "boxed_format.py")
    copy = folder / "copy" / "toolchain" / "edgehone"
    shutil.copytree(PACKAGE, copy)  # and what is compiled of it, for every command
    (folder / "copy" / "targets").symlink_to(PACKAGE.parents[1] / "targets")
    shutil.copy(boxed_format.__file__, copy / "formats" / "boxed.py")
    for place in (folder, copy / "formats"):
        shutil.copy(_boxed_session.__file__, place / SESSION)
    return folder


def run(folder: Path, words: Sequence[str], *, copied: bool) -> Any:
    """The JSON document that the command prints."""
    paths = [str(folder / "copy" / "toolchain")] if copied else []
    done = subprocess.run(
        [sys.executable, "-m", "edgehone", *words, "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "copied"), [("boxed", True), (REFERENCE, False)])
def test_a_new_format_is_exported_audited_compared_and_made_again(
    project: Path, name: str, copied: bool
) -> None:
    words = ["--format", name, "--precision", "float32,dynamic8", "--calibration", "data.npz"]
    where = f"out-{copied}"
    found = run(project, ["export", "net.keras", "-o", where, *words], copied=copied)
    assert found["skipped"] == []
    first, second = found["artifacts"]
    assert [each["format"] for each in (first, second)] == [name, name]
    assert [each["precision"] for each in (first, second)] == ["float32", "dynamic8"]
    assert Path(second["path"]).name == "net-dynamic8.boxed"
    assert (first["parity"]["agreement"], first["parity"]["kinds"]) == (1.0, ["labels"])
    layers = second["parity"]["layers_db"]
    assert list(layers) == ["first", "head"]
    assert all(25 < snr_db < 80 for snr_db in layers.values())
    assert [layer["name"] for layer in second["audit"]["layers"]] == ["first", "head"]
    assert second["smaller"]["precision"] == "float32"  # one array more outweighs small kernels

    again = ["-o", f"again-{copied}", *words[:2], "--precision", "dynamic8", *words[-2:]]
    made = run(project, ["export", f"{where}/net-float32.boxed", *again], copied=copied)
    (third,) = made["artifacts"]
    assert third["sha256"] == second["sha256"]


@pytest.mark.slow
def test_a_new_format_is_benched_and_gated_on_a_device(project: Path) -> None:
    words = ["export", "net.keras", "-o", "bench", "--format", "boxed", "--precision", "float32"]
    run(project, words, copied=True)
    file = ["bench/net-float32.boxed", "--on", "local@scripted://"]
    (found,) = run(project, ["bench", *file], copied=True)["measurements"]
    assert (found["artifact"]["format"], found["verdict"]) == ("boxed", "emulated")
    assert found["latency_ms"]["p50"] > 0
    text = run(project, ["inspect", file[0]], copied=True)
    assert (text["format"], text["precision"]) == ("boxed", "float32")
    (project / "budgets.toml").write_text('[[budget]]\nmetric = "size_bytes"\nmax = "64 KiB"\n')
    gated = run(project, ["gate", "budgets.toml", *file], copied=True)
    assert gated["decision"] == "pass"


RUN = """
[model]
teacher = "net.keras"
[data]
source = "all.npz"
calibration = 20
[objective]
minimize = "size_bytes"
[distill]
epochs = 2
[search]
rounds = 1
precisions = ["float32"]
[measure]
blocks = 2
minimum_s = 0.01
[export]
formats = ["python:boxed_format:Boxed"]
[[budget]]
metric = "accuracy_drop"
max = 0.5
[[budget]]
metric = "size_bytes"
max = "64 KiB"
"""


@pytest.mark.slow
@pytest.mark.parametrize("on", ["local@scripted://", "local"])
def test_a_users_format_goes_through_the_whole_loop(project: Path, on: str) -> None:
    (project / "edgehone.toml").write_text(RUN)
    found = run(project, ["run", "edgehone.toml", "--on", on], copied=False)
    files = [each["measurement"] for each in found["candidates"]] + found["baselines"]
    assert {each["artifact"]["format"] for each in files} == {REFERENCE}
    assert {each["runtime"]["name"] for each in files} == {"boxed"}
    version = "scripted" if "scripted" in on else "boxes 1"
    assert {each["runtime"]["version"] for each in files} == {version}
    assert {each["accuracy"]["value"] for each in found["baselines"]} == {1.0}
    assert found["decision"] == "pass"
    winner = Path(found["winner"]["artifact"]["path"])
    assert found["candidates"][0]["measurement"]["artifact"]["size_bytes"] < min(
        each["artifact"]["size_bytes"]
        for each in found["baselines"]
        if each["artifact"]["precision"] == "float32"
    )
    assert (project / "runs" / found["run"] / "winner" / "winner.boxed").is_file()
    assert winner.suffix == ".boxed"
    if on == "local":  # what was measured here is looked up
        again = run(project, ["run", "edgehone.toml", "--on", on], copied=False)
        assert again["winner"]["artifact"]["sha256"] == found["winner"]["artifact"]["sha256"]


class Unrunnable(Boxed):
    """Boxes that nothing runs on a device."""

    SUFFIX: ClassVar[str] = ".shut"
    SESSION: ClassVar[Path | None] = None


class Lost(Boxed):
    """Boxes whose session is not where it should be."""

    SUFFIX: ClassVar[str] = ".lost"
    SESSION: ClassVar[Path | None] = Path("no/such/session.py")


@pytest.mark.parametrize(
    ("form", "message", "hint"),
    [
        (Unrunnable, "model.shut cannot be measured", "Set SESSION in python:"),
        (Lost, "File not found: no/such/session.py", "SESSION of python:"),
    ],
)
def test_a_format_that_no_device_runs_is_refused_before_any_work(
    form: type[Boxed], message: str, hint: str
) -> None:
    from edgehone.run.preflight import require_runtimes

    named = formats.load(f"python:{__name__}:{form.__name__}")
    with pytest.raises((ConfigError, UsageError), match=message) as caught:
        require_runtimes([named])
    assert caught.value.hint.startswith(hint)


@pytest.mark.slow
def test_nothing_of_the_package_was_edited_for_it(project: Path) -> None:
    copy = project / "copy" / "toolchain" / "edgehone"
    added = {
        str(file.relative_to(copy))
        for file in copy.rglob("*.py")
        if not (PACKAGE / file.relative_to(copy)).is_file()
        or file.read_bytes() != (PACKAGE / file.relative_to(copy)).read_bytes()
    }
    assert added == {"formats/boxed.py", f"formats/{SESSION}"}


def dense(folder: Path) -> Path:
    """A float file of one layer."""
    content = Boxed().layer_model(LayerSpec("dense", 1, 1, 8, 3), "float32")
    assert isinstance(content, bytes)
    file = folder / "layer.boxed"
    file.write_bytes(content)
    return file


def test_a_format_passed_as_an_object_needs_no_name(tmp_path: Path) -> None:
    source = dense(tmp_path)
    x = np.random.default_rng(1).normal(0, 1, (20, 8)).astype(np.float32)
    wanted = np.concatenate([each[0] for each in Boxed().run(source.read_bytes(), (x,))])[:20]
    made = export(
        source,
        Boxed(),
        PrecisionPlan("dynamic8"),
        Calibration(()),
        tmp_path / "made.boxed",
        reference=Reference(x, wanted),
    )
    assert made.format == "python:tests.boxed_format:Boxed"
    assert (made.precision, made.default_precision) == ("dynamic8", "dynamic8")
    assert made.audit is not None
    assert made.audit["delegates"] == {}
    assert made.parity is not None
    assert made.parity["snr_db"] > 25


def test_a_format_that_was_named_is_known_by_its_ending_and_its_content(tmp_path: Path) -> None:
    file = dense(tmp_path)
    assert formats.load("python:tests.boxed_format:Boxed").TITLE == "Boxed"
    assert formats.of_suffix(file) is not None
    bare = file.rename(tmp_path / "stored")
    assert formats.of_file(bare).SUFFIX == ".boxed"
    file = bare.rename(tmp_path / "layer.boxed")
    x = np.ones((3, 8), np.float32)
    found = make_artifact(file, precision=formats.precision(formats.audit(file)))
    assert found.precision == "float32"
    assert power_db(outputs(file, x), outputs(file, x)) is None


def test_what_is_no_format_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="is not a Format"):
        formats.load("python:tests.snr:power_db")
    with pytest.raises(UsageError, match="Unknown format 'tflit'") as caught:
        formats.load("tflit")
    assert "tflite" in caught.value.hint


DEFAULTS = {"config/sections.py": {"tflite", "onnx"}}
"""What is exported where a project does not say."""

OTHERS = {"actions/doctor.py": {"onnx"}}
"""The package of that name, by which ONNX files are read."""


RUN_BY = (Path("runners/runtimes"), Path("export/apps"))
"""Runtimes, and platforms of apps, say which formats they run."""


def test_no_format_is_named_outside_its_folder_and_the_runtimes() -> None:
    words = {*formats.names(), *(f".{name}" for name in formats.names())}
    found = {}
    for file in PACKAGE.rglob("*.py"):
        place = file.relative_to(PACKAGE)
        if place.parts[0] == "formats" or place.parent in RUN_BY:
            continue
        texts = {
            node.value
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if texts & words:
            found[place.as_posix()] = texts & words
    assert found == {**DEFAULTS, **OTHERS}


def test_a_project_names_a_users_format_and_its_files_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = Path(boxed_format.__file__).read_text().replace('".boxed"', '".crate"')
    Path("crates.py").write_text(text)
    crate = dense(tmp_path).rename(tmp_path / "layer.crate")
    Path("edgehone.toml").write_text("[export]\nformats = ['python:crates:Boxed', 'onnx']\n")
    with pytest.raises(UsageError, match="is neither"):
        artifact(crate)
    setting = Setting.read(Path("edgehone.toml"))
    assert setting.files[0].own_formats == ("python:crates:Boxed",)
    assert "crates" not in sys.modules  # until a file needs it
    assert artifact(crate).format == "python:crates:Boxed"


PROJECT = """
[model]
teacher = "teacher.keras"
[data]
source = "digits"
[objective]
minimize = "latency_p50_ms"
[[budget]]
metric = "size_bytes"
max = 1000
"""


@pytest.mark.parametrize(("name", "hint"), [("tflit", "Did you mean 'tflite'?"), ("", "Known:")])
def test_an_unknown_format_of_a_project_is_refused(tmp_path: Path, name: str, hint: str) -> None:
    file = tmp_path / "edgehone.toml"
    file.write_text(f"{PROJECT}[export]\nformats = ['{name}']\n")
    with pytest.raises(ConfigError, match=f"unknown format '{name}'") as caught:
        load(file)
    assert hint in caught.value.hint


class Counted(Boxed):
    """Boxes that count how often they are looked into."""

    looks: ClassVar[list[str]] = []

    def audit(self, file: Path) -> Plain:
        """The same, counted."""
        self.looks.append(file.name)
        return super().audit(file)


def test_equal_content_is_audited_once_in_a_process(tmp_path: Path) -> None:
    file = dense(tmp_path)
    first = formats.audit(file, Counted())
    again = formats.audit(Path(shutil.copy(file, tmp_path / "copy.boxed")), Counted())
    made = make_artifact(file, precision="float32", form=Counted())
    assert (Counted.looks, again) == (["layer.boxed"], first)
    assert made.audit == first
    file.write_bytes(Boxed().layer_model(LayerSpec("dense", 1, 1, 9, 3), "float32"))  # type: ignore[arg-type]  # a file
    assert formats.audit(file, Counted())["inputs"][0]["shape"] == [1, 9]
    assert len(Counted.looks) == 2
