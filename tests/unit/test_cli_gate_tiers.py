"""`edgehone gate`: files before devices, verdicts looked up, explanations, tightened limits."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests import tiny_models
from tests.tiny_models import layer
from tests.unit.test_cli_measuring import SCRIPTED, run, valid, write

import edgehone
from edgehone import formats
from edgehone.cli.app import main
from edgehone.report.shortened import SUMMARY_BYTES
from edgehone.values import LayerSpec

pytestmark = pytest.mark.slow  # gates that measure, several a test

COUNT = 'metric = "instructions"\nmax = "1 M"'
P50 = 'metric = "latency_p50_ms"\nmax = "1 s"'
SIZE = 'metric = "size_bytes"\nmax = "1 MiB"'
SMALL = 'metric = "size_bytes"\nmax = "1 B"'
RELATIVE = 'metric = "size_bytes"\nmax = "+2 %"\nrelative_to = "baseline"'


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_models.dense(tmp_path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def device(place: Path, base: float = 50_000, name: str = "quick") -> list[str]:
    """An emulator that counts so many instructions, and what each KiB of a file adds."""
    script = {"instructions": {"base": base, "per_kib": 1000}}
    (place / f"{name}.json").write_text(json.dumps(script))
    return ["--on", f"arm-emulated@scripted://{place / name}.json"]


def test_sizes_need_neither_tensorflow_nor_a_store(model: Path, place: Path) -> None:
    write(place / "b.toml", SIZE, 'metric = "operators"\nbanned = ["Flex*"]')
    heavy = ("tensorflow", "keras", "onnxruntime", "sqlalchemy", "altair", "scipy", "jinja2")
    program = (
        "import sys\n"
        "from edgehone.cli.app import main\n"
        f"code = main(['gate', 'b.toml', {str(model)!r}])\n"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]\n"
        "assert (code, loaded) == (0, []), (code, loaded)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=place, check=True)
    assert not (place / "runs").exists()


def test_memory_is_planned_from_the_file(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", 'metric = "arena_bytes"\nmax = "48 B"')
    code, found = run(capsys, "gate", "b.toml", str(model))
    assert (code, found["checks"][0]["tier"]) == (0, "file")
    assert found["checks"][0]["value"] == 32 + 16  # 6 and 3 floats


def test_what_is_in_the_file_is_decided_before_a_device_is_asked(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", COUNT, SMALL)
    nowhere = ["--on", f"arm-cpu@scripted://{place / 'cut.json'}"]
    cut = {"answers": [{"stdout": "", "stderr": "link cut", "exit_code": 255}]}
    (place / "cut.json").write_text(json.dumps(cut))
    code, found = run(capsys, "gate", "b.toml", str(model), *nowhere)
    assert (code, found["decision"]) == (1, "fail")
    assert valid("gate", found)
    assert [each["verdict"] for each in found["checks"]] == ["fail", "inconclusive"]
    assert "not measured: size_bytes is missed already" in found["checks"][1]["reason"]
    assert main(["gate", "b.toml", str(model), *nowhere, "--complete"]) == 4


def test_an_advisory_or_waived_miss_does_not_keep_devices_from_being_asked(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(place / "b.toml", COUNT, f"{SMALL}\nrequired = false")
    code, found = run(capsys, "gate", "b.toml", str(model), *device(place))
    assert (code, found["decision"]) == (0, "pass")
    write(path, COUNT, SMALL)
    waiver = '[[waiver]]\nmetric = "size_bytes"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    path.write_text(path.read_text() + waiver)
    code, found = run(capsys, "gate", "b.toml", str(model), *device(place))
    assert (code, found["decision"]) == (0, "pass")
    assert found["checks"][1]["waived"]["owner"] == "o"
    assert valid("gate", found)
    path.write_text(path.read_text().replace("2999", "1999"))
    assert main(["gate", "b.toml", str(model), *device(place)]) == 1


def test_the_same_files_runtime_and_device_are_measured_once(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", COUNT)
    words = ("gate", "b.toml", str(model), *device(place))
    first = run(capsys, *words)[1]
    again = run(capsys, *words)[1]
    assert first["looked_up"] == []
    assert [each["device"] for each in again["looked_up"]] == [words[-1]]
    assert again["measurements"] == first["measurements"]
    assert again["checks"] == first["checks"]
    assert valid("gate", again)
    assert run(capsys, *words, "--fresh")[1]["looked_up"] == []


def test_another_file_device_or_way_to_measure_is_measured_anew(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", COUNT)
    here = device(place)
    assert run(capsys, "gate", "b.toml", str(model), *here)[0] == 0
    other = tiny_models.dense(place, "int8")
    (place / "m.toml").write_text("[measure]\nblocks = 13\n")
    for words in (
        [str(other), *here],
        [str(model), *device(place, name="second")],
        [str(model), *here, "--seed", "9"],
        [str(model), *here, "--config", "m.toml"],
        [str(model), *device(place, base=0.06)],
    ):
        assert run(capsys, "gate", "b.toml", *words)[1]["looked_up"] == []


def test_a_copy_of_the_file_elsewhere_is_the_same_file(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", COUNT)
    copy = place / "moved" / "other.tflite"
    copy.parent.mkdir()
    copy.write_bytes(model.read_bytes())
    run(capsys, "gate", "b.toml", str(model), *device(place))
    found = run(capsys, "gate", "b.toml", str(copy), *device(place))[1]
    assert found["looked_up"]
    assert found["checks"][0]["file"] == str(copy)


def test_new_limits_are_held_against_what_was_looked_up(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(place / "b.toml", COUNT)
    assert main(["gate", "b.toml", str(model), *device(place)]) == 0
    capsys.readouterr()
    write(path, COUNT.replace('"1 M"', "101"))
    code, found = run(capsys, "gate", "b.toml", str(model), *device(place))
    assert (code, len(found["looked_up"])) == (1, 1)


def test_what_is_left_open_is_measured_again(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(place / "b.toml", P50)
    value = run(capsys, "gate", "b.toml", str(model), *SCRIPTED)[1]["checks"][0]["value"]
    write(path, f'metric = "latency_p50_ms"\nmax = {value}')
    code, found = run(capsys, "gate", "b.toml", str(model), *SCRIPTED)
    assert (code, found["looked_up"]) == (3, [])


def test_a_store_that_was_altered_decides_nothing(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3
    from contextlib import closing

    write(place / "b.toml", COUNT.replace('"1 M"', "200"))
    words = ("gate", "b.toml", str(model), *device(place))
    assert run(capsys, *words)[0] == 1
    with closing(sqlite3.connect(place / "runs" / "store.sqlite")) as database, database:
        (text,) = database.execute("select value from stages where name = 'gate'").fetchone()
        value = json.loads(text)
        value["measurements"][0]["instructions"] = -1
        database.execute("update stages set value = ? where name = 'gate'", (json.dumps(value),))
    code, found = run(capsys, *words)
    assert (code, found["looked_up"]) == (1, [])


def test_a_failing_file_is_explained_by_the_baselines_layers(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = LayerSpec("conv", 8, 8, 8, 24, (3, 3))
    base = layer(place, spec, "int8", "base")
    grown = layer(place, LayerSpec("conv", 8, 8, 8, 26, (3, 3)), "int8", "grown")
    write(place / "b.toml", RELATIVE)
    words = ("gate", "b.toml", str(grown), "--baseline", str(base))
    code, found = run(capsys, *words)
    assert (code, found["checks"][0]["against"]) == (1, base.stat().st_size)
    ((layer_told,),) = [each["layers"] for each in found["why"]]
    assert "24 -> 26 channels leaves the multiple of 8" in layer_told["text"]
    assert layer_told["try"] == "24 or 32 channels"
    assert layer_told["macs"] == [8 * 8 * 9 * 8 * 24, 8 * 8 * 9 * 8 * 26]
    assert valid("gate", found)
    assert main(list(words)) == 1
    assert "leaves the multiple of 8" in capsys.readouterr().out


def test_what_an_onnx_file_does_not_tell_is_open_and_its_layers_are_compared(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, channels in (("a", 24), ("b", 26)):
        content = formats.load("onnx").layer_model(
            LayerSpec("conv", 8, 8, 8, channels, (3, 3)), "float32"
        )
        assert isinstance(content, bytes)
        (place / f"{name}.onnx").write_bytes(content)
    coverage = 'metric = "delegate_coverage"\nmin = "90 %"'
    io_types = 'metric = "io_types"\nrelative_to = "baseline"'
    path = write(place / "b.toml", RELATIVE, io_types, coverage)
    code, found = run(capsys, "gate", "b.toml", "b.onnx", "--baseline", "a.onnx")
    assert code == 1
    assert [each["verdict"] for each in found["checks"]] == ["fail", "fail", "inconclusive"]
    assert found["why"][0]["layers"][0]["bytes"][1] > found["why"][0]["layers"][0]["bytes"][0]
    write(path, coverage)
    assert run(capsys, "gate", "b.toml", "b.onnx")[0] == 3
    other = str(tiny_models.dense(place))
    write(path, RELATIVE)
    found = run(capsys, "gate", "b.toml", "b.onnx", "--baseline", other)[1]
    assert "the file is onnx and the baseline tflite" in found["why"][0]["note"]


def test_why_is_told_when_nothing_is_missed_if_asked(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny_models.dense(place, "int8")
    write(place / "b.toml", SIZE)
    words = ("gate", "b.toml", str(model), "--baseline", str(other), "--why")
    code, found = run(capsys, *words)
    assert code == 0
    assert "int8 -> float32" in found["why"][0]["layers"][0]["text"]
    assert main(["gate", "b.toml", str(model), "--why"]) == 2


def test_times_relative_to_a_baseline_are_measured_beside_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", 'metric = "latency_p50_ms"\nmax = 5.0\nrelative_to = "baseline"')
    small = layer(place, LayerSpec("dense", 1, 1, 8, 8), "float32", "small")
    large = layer(place, LayerSpec("conv", 32, 32, 32, 32, (3, 3)), "float32", "large")
    words = ("gate", "b.toml", str(large), "--baseline", str(small), "--on", "local")
    code, found = run(capsys, *words)
    assert code in (1, 3)  # where the computer is busy, the baseline may be too disturbed
    assert valid("gate", found)
    (base,) = found["baselines"]
    (measured,) = found["measurements"]
    blocks = [len(each["latency_ms"]["samples"]) for each in (base, measured)]
    assert blocks[0] == blocks[1]
    assert found["checks"][0]["value"] > 5
    assert found["checks"][0]["against"] == pytest.approx(base["latency_ms"]["p50"])
    assert main(["gate", "b.toml", str(small), "--on", "local"]) == 2


def test_counts_are_held_to_a_ratio_of_the_baselines(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = layer(place, LayerSpec("dense", 1, 1, 8, 8), "int8", "small")
    large = layer(place, LayerSpec("dense", 1, 1, 800, 80), "int8", "large")
    write(place / "b.toml", 'metric = "instructions"\nmax = "+5 %"\nrelative_to = "baseline"')
    for file, base, code in ((large, small, 1), (small, large, 0)):
        words = ("gate", "b.toml", str(file), "--baseline", str(base), *device(place))
        found_code, found = run(capsys, *words)
        assert (found_code, found["checks"][0]["tier"]) == (code, "count")
        explained = [layer for each in found["why"] for layer in each["layers"]]
        assert [len(each["instructions"]) for each in explained] == [2] * code
        assert found["checks"][0]["against"] == found["baselines"][0]["instructions"]


def test_limits_are_tightened_when_the_gate_passes(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(place / "b.toml", f"{SIZE} # note")
    size = model.stat().st_size
    code, found = run(capsys, "gate", "b.toml", str(model), "--ratchet", "--margin", "10 %")
    assert (code, len(found["ratcheted"])) == (0, 1)
    assert valid("gate", found)
    assert "# note" in path.read_text()
    before = path.read_text()
    code, found = run(capsys, "gate", "b.toml", str(model), "--ratchet", "--margin", "10 %")
    assert (code, found["ratcheted"], path.read_text()) == (0, [], before)
    assert size < found["checks"][0]["limit"] < 1.2 * size


def test_a_gate_that_fails_tightens_nothing(model: Path, place: Path) -> None:
    path = write(place / "b.toml", SIZE, 'metric = "compressed_bytes"\nmax = "40 B"')
    before = path.read_text()
    assert main(["gate", "b.toml", str(model), "--ratchet"]) == 1
    assert path.read_text() == before
    assert main(["gate", "b.toml", str(model), "--margin", "3 %"]) == 2
    assert main(["gate", "b.toml", str(model), "--ratchet", "--margin", "200 %"]) == 2


def test_sarif_says_what_the_gate_says(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "b.toml", SIZE, f"{SMALL}\nrequired = false", P50)
    code, _ = run(capsys, "gate", "b.toml", str(model), *device(place), "--sarif", "out/g.sarif")
    assert code == 3
    document: Any = json.loads((place / "out" / "g.sarif").read_text())
    (found,) = document["runs"]
    results = found["results"]
    assert [each["level"] for each in results] == ["none", "note", "warning"]
    assert [each["kind"] for each in results] == ["pass", "fail", "fail"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in results] == [each["ruleId"] for each in results]
    (location,) = results[0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == model.name


def test_the_summary_is_added_to_a_file(model: Path, place: Path) -> None:
    write(place / "b.toml", SIZE)
    summary = place / "summary.md"
    summary.write_text("before\n")
    for _ in range(2):
        assert main(["gate", "b.toml", str(model), "--summary", str(summary)]) == 0
    text = summary.read_text()
    assert text.startswith("before\n## ")
    assert text.count("Budgets: pass") == 2


@pytest.mark.parametrize("room", [-7, 0, 10])
def test_a_summary_without_room_stays_as_it_is(room: int, model: Path, place: Path) -> None:
    write(place / "b.toml", SIZE)
    summary = place / "summary.md"
    summary.write_text("x" * (SUMMARY_BYTES - room))
    before = summary.read_bytes()
    assert main(["gate", "b.toml", str(model), "--summary", str(summary)]) == 0
    assert summary.read_bytes() == before


def test_files_only_leaves_out_what_a_device_would_tell(
    model: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(place / "b.toml", SIZE, P50)
    code, found = run(capsys, "gate", "b.toml", str(model), "--files-only")
    assert (code, len(found["checks"])) == (0, 1)
    assert found["warnings"] == ["not checked, because of --files-only: latency_p50_ms"]
    write(path, P50)
    assert main(["gate", "b.toml", str(model), "--files-only"]) == 2


def test_waivers_of_the_project_file_hold_too(model: Path, place: Path) -> None:
    write(place / "b.toml", SMALL)
    waiver = '[[waiver]]\nmetric = "size_bytes"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    (place / "edgehone.toml").write_text(waiver)
    assert main(["gate", "b.toml", str(model)]) == 0
    (place / "edgehone.toml").write_text(waiver.replace("2999", "1999"))
    assert main(["gate", "b.toml", str(model)]) == 1


@pytest.mark.parametrize("word", ["release", "release:v9", "run:none", "gone.tflite", "gone.zip"])
def test_a_baseline_that_is_not_there_is_no_pass(word: str, model: Path, place: Path) -> None:
    write(place / "b.toml", RELATIVE)
    assert main(["gate", "b.toml", str(model), "--baseline", word]) in (2, 5)


def test_the_python_api_takes_the_same(model: Path, place: Path) -> None:
    other = tiny_models.dense(place, "int8")
    limit = edgehone.Budget("size_bytes", max="+2 %", relative_to="baseline")
    advisory = edgehone.Budget("operators", banned=["FULLY*"], required=False)
    found = edgehone.gate([limit, advisory], model, baseline=other)
    assert (found.passed, found.decision) == (True, "pass")
    assert [each.required for each in found.checks] == [True, False]
    assert not edgehone.gate([limit], other, baseline=model).passed
    path = write(place / "b.toml", SMALL)
    assert not edgehone.gate(path, model).passed
    waiver = '[[waiver]]\nmetric = "size_bytes"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    path.write_text(path.read_text() + waiver)
    assert edgehone.gate(path, model).passed
