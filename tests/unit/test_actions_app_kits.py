"""`edgehone app`: folders whole or not at all, refusals with a way out, logs read back."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests import app_kits, elf_files

from edgehone.actions.app import log
from edgehone.cli.app import main
from edgehone.store import Store


def ended(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    """The exit code of a command with --json, and its document."""
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_kit_a_platform_is_written_into_folders_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = app_kits.image_net(tmp_path)
    code, value = ended(capsys, "app", file, "--for", "linux", "-o", tmp_path / "k", "--scale", "1")
    assert code == 0
    (kit,) = value["kits"]
    there = {p.relative_to(kit["folder"]) for p in Path(kit["folder"]).rglob("*") if p.is_file()}
    assert {str(path) for path in there} == set(kit["files"])
    assert {"README.md", "model.json", "labels.txt", "golden.json"} <= set(kit["files"])
    assert (Path(kit["folder"]) / "model.tflite").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--for", "lynux"], "Unknown platform 'lynux'"),
        ([], "No platform is named"),
        (["--for", "linux", "--run", "latest"], "Neither a file nor a run was given"),
        (["--for", "linux", "--std", "x"], "--std must be a number"),
    ],
)
def test_what_nothing_could_come_of_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    file = app_kits.numbers_net(tmp_path)
    code, value = ended(capsys, "app", file, *words, "-o", tmp_path / "k")
    assert code == 2
    assert message in value["error"]["message"]
    assert value["error"]["hint"]
    assert not (tmp_path / "k").exists()


def test_preprocessing_of_the_project_becomes_mean_and_deviation_or_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = app_kits.image_net(tmp_path)
    module = f"before_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{module}.py").write_text(
        "def centred(x): return x / 127.5 - 1\ndef squared(x): return x * x\n"
    )
    monkeypatch.chdir(tmp_path)
    for name, mean, deviation in (("centred", 127.5, 127.5), ("squared", 0, 1)):
        reference = f"python:{module}:{name}"
        Path("edgehone.toml").write_text(f'[data]\npreprocess = "{reference}"\n')
        code, value = ended(capsys, "app", file, "--for", "linux", "-o", tmp_path / name)
        assert code == 0
        model = value["kits"][0]["model"]
        assert model["preprocess"] == reference
        assert model["inputs"][0]["mean"] == pytest.approx([mean], abs=1e-3)
        assert model["inputs"][0]["deviation"] == pytest.approx([deviation], abs=1e-3)
        behind = [text for text in value["warnings"] if f"The model is behind {reference}" in text]
        assert len(behind) == (name == "squared")


def test_a_folder_that_is_used_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "k"
    folder.mkdir()
    (folder / "mine").write_text("kept")
    file = app_kits.numbers_net(tmp_path)
    code, value = ended(capsys, "app", file, "--for", "linux", "-o", folder)
    assert code == 2
    assert "is not empty" in value["error"]["message"]
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert not list(tmp_path.glob(".*"))


def test_an_empty_folder_is_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "k").mkdir()
    file = app_kits.numbers_net(tmp_path)
    assert ended(capsys, "app", file, "--for", "linux", "-o", tmp_path / "k")[0] == 0
    assert (tmp_path / "k/linux/model.json").is_file()


def test_libraries_of_the_user_are_counted_and_their_pages_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "libgood.so", tmp_path / "app.aar"
    good.write_bytes(elf_files.library("arm64-v8a"))
    elf_files.archive(bad, {"jni/x86_64/libold.so": elf_files.library("x86_64", align=4096)})
    file = app_kits.numbers_net(tmp_path)
    words = ("app", file, "--for", "linux", "-o", tmp_path / "k")
    code, value = ended(capsys, *words, "--library", good, "--library", bad)
    assert code == 0
    rows = {row["abi"]: row for row in value["kits"][0]["download"]}
    assert rows["arm64-v8a"]["unaligned"] == ""
    assert rows["arm64-v8a"]["runtime_unpacked_bytes"] == good.stat().st_size
    assert "aligned to 4,096" in rows["x86_64"]["unaligned"]
    total = rows["x86_64"]["model_bytes"] + rows["x86_64"]["runtime_bytes"]
    assert rows["x86_64"]["total_bytes"] == total
    assert any("libold.so does not fit memory pages" in text for text in value["warnings"])
    of_ios = ("app", file, "--for", "ios", "-o")
    value = ended(capsys, *of_ios, tmp_path / "i", "--library", good)[1]
    assert any("is for arm64-v8a, which none of" in text for text in value["warnings"])
    assert main([*map(str, of_ios), str(tmp_path / "j")]) == 0
    assert "Xcode's App Thinning Size Report" in capsys.readouterr().out


def log_line(sha256: str, **more: Any) -> str:
    detail = {"schema": 1, "sha256": sha256, "platform": "android", "runtime": "litert"}
    detail |= {"device": "Pixel 8", "init_ms": 3.5, "latency_ms": [1.0, 1.5, 2.0], **more}
    return f"11-30 12:00:00 I/Golden(77): edgehone-app {json.dumps(detail)}\n"


@pytest.mark.slow
def test_a_log_of_an_app_becomes_a_measurement_labelled_app(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.system.files import sha256_of

    file, runs = app_kits.numbers_net(tmp_path), tmp_path / "runs"
    log = tmp_path / "logcat.txt"
    log.write_text("noise\n" + log_line(sha256_of(file)) + "edgehone-app is mentioned\n")
    code, value = ended(capsys, "app", file, "--read", log, "--folder", runs)
    assert code == 0
    (kept,) = Store(runs, read_only=True).measurements()
    assert value["measurements"] == [kept]
    assert kept["device"]["name"] == "app:Pixel 8"
    assert kept["conditions"]["source"] == "app"
    assert kept["latency_ms"]["samples"] == [[1.0, 1.5, 2.0]]
    assert kept["latency_ms"]["init"] == 3.5
    log.write_text(log.read_text() + log_line(sha256_of(file), latency_ms=[1.0, 1.5]))
    code, value = ended(capsys, "app", "--read", log, "--folder", runs)  # the store knows the file
    assert (code, value["warnings"]) == (0, ["1 of 2 measurements were read before."])
    latencies = [each["latency_ms"] for each in Store(runs, read_only=True).measurements()]
    assert [each["samples"] for each in latencies] == [[[1.0, 1.5, 2.0]], [[1.0, 1.5]]]


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_line_is_found_among_other_words(tmp_path: Path, coding: str) -> None:
    line = log_line("0" * 64, device='Pixel "8" }').strip()
    text = f"I/edgehone(7): {line} {{passed}}\r\n".encode(coding)
    (found,) = log.lines(log.text_of(text), tmp_path)
    assert (found.device, len(found.latency_ms)) == ('Pixel "8" }', 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing\n", "has no line"),
        ('edgehone-app {"schema": 1, "sha256": "ab"', "is not what a golden test prints"),
        (log_line("0" * 64, latency_ms=[-1.0]), "is not a time"),
        (log_line("0" * 64, latency_ms=[]), "no latencies"),
        (log_line("0" * 64, schema=2), "schema is not 1"),
        (log_line("0" * 64, latency_ms=None), "no latencies"),
        (log_line("0" * 64), "SHA-256 000000000000"),
    ],
)
def test_logs_that_say_nothing_are_refused_and_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (tmp_path / "log").write_text(text)
    code, value = ended(capsys, "app", "--read", tmp_path / "log", "--folder", tmp_path / "runs")
    assert code == 2
    assert message in value["error"]["message"]
    assert not Store(tmp_path / "runs", read_only=True).measurements()


def test_options_of_kits_have_no_effect_on_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, value = ended(capsys, "app", "--read", tmp_path / "log", "--for", "linux")
    assert code == 2
    assert "--for has no effect with --read" in value["error"]["message"]
