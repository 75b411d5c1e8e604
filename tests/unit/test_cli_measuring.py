import json
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource
from tests import onnx_files, tiny_models

from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.export.execution import outputs

SCRIPTED = ["--on", "local@scripted://"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Exit code and the one JSON document of a command."""
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def valid(name: str, document: Any) -> bool:
    found = schema(name)
    registry: Registry[Any] = Registry().with_resources(
        [(part["$id"], Resource.from_contents(part)) for part in found["$defs"].values()]
    )
    jsonschema.Draft202012Validator(found, registry=registry).validate(document)
    return True


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_models.dense(tmp_path)


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    return write(tmp_path / "budgets.toml", 'metric = "size_bytes"\nmax = "1 MiB"')


def write(path: Path, *tables: str) -> Path:
    path.write_text("".join(f"[[budget]]\n{table}\n" for table in tables))
    assert tomllib.loads(path.read_text())
    return path


def test_bench_prints_a_document_that_keeps_the_contract(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(capsys, "bench", str(model), *SCRIPTED)
    assert code == 0
    assert valid("bench", document)
    (measured,) = document["measurements"]
    assert measured["artifact"]["precision"] == "float32"
    assert measured["device"]["emulated"] is True


@pytest.mark.slow
def test_bench_says_how_accurate_a_file_is_when_it_is_given_data(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features, classes = 6, 3
    random = np.random.default_rng(0)
    data = tmp_path / "data.npz"
    x = random.random((90, features)).astype(np.float32)
    np.savez(data, x=x, y=np.arange(90) % classes)
    _, document = run(capsys, "bench", str(model), *SCRIPTED, "--data", str(data))
    accuracy = document["measurements"][0]["accuracy"]
    assert accuracy["metric"] == "accuracy"
    assert accuracy["n"] == 90
    assert main(["bench", str(model), *SCRIPTED, "--data", str(data)]) == 0
    assert "accuracy on 90 samples" in capsys.readouterr().out


def split_data(folder: Path, *names: str, n: int = 60) -> str:
    """Samples for `tiny_models.dense` in arrays of these names."""
    x = np.random.default_rng(0).random((n, 6)).astype(np.float32)
    y = np.arange(n) % 3
    arrays = {f"{axis}{name}": values for name in names for axis, values in (("x", x), ("y", y))}
    np.savez(folder / "splits.npz", **arrays)  # type: ignore[arg-type]  # no option is called so
    return str(folder / "splits.npz")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["bench", "compare", "gate"])
@pytest.mark.parametrize(
    ("names", "used"),
    [
        (("",), 60),
        (("_test",), 60),
        (("_train", "_test"), 60),
        (("_train", "_val"), 60),
        (("_train",), 60),
    ],
)
def test_data_are_used_whole_where_nothing_is_trained(
    command: str,
    names: tuple[str, ...],
    used: int,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    budgets = write(tmp_path / "low.toml", 'metric = "accuracy"\nmin = "1 %"')
    other = str(tiny_models.dense(tmp_path, "float16"))
    files = {
        "bench": [str(model)],
        "compare": [str(model), other],
        "gate": [str(budgets), str(model)],
    }
    about = ["--data", split_data(tmp_path, *names), *SCRIPTED]
    for seed in ("0", "1"):
        _, document = run(capsys, command, *files[command], *about, "--seed", seed)
        assert document["measurements"][0]["accuracy"]["n"] == used
    main([command, *files[command], *about])
    text = capsys.readouterr()
    assert f"accuracy on {used} samples" in text.out
    assert ("its validation split is used" in text.err) == ("_val" in names)


def test_the_test_split_is_used_where_there_is_one(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    y = outputs(model, x).argmax(axis=1)
    wrong = (y + 1) % 3
    np.savez(tmp_path / "d.npz", x_train=x, y_train=wrong, x_test=x[:30], y_test=y[:30])
    _, document = run(capsys, "bench", str(model), *SCRIPTED, "--data", str(tmp_path / "d.npz"))
    accuracy = document["measurements"][0]["accuracy"]
    assert (accuracy["n"], accuracy["value"]) == (30, 1.0)


@pytest.mark.slow
def test_a_projects_own_data_are_judged_on_as_its_runs_do(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    data = split_data(tmp_path, "", n=200)
    source = '[data]\nsource = "splits.npz"\n'
    Path("edgehone.toml").write_text(f'[model]\nteacher = "t.keras"\n{source}')
    budgets = write(tmp_path / "low.toml", 'metric = "accuracy"\nmin = "1 %"')
    for about in ([], ["--data", data]):
        assert main(["gate", str(budgets), str(model), *about, *SCRIPTED]) == 0
        text = capsys.readouterr()
        assert "accuracy on 30 samples" in text.out
        assert "of its 200 samples the 30 of the test split are used" in text.err
    Path("edgehone.toml").write_text(source)  # a file that trains nothing
    assert main(["gate", str(budgets), str(model), *SCRIPTED]) == 0
    assert "accuracy on 200 samples" in capsys.readouterr().out


def test_bench_prints_a_table_for_people(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(model), *SCRIPTED]) == 0
    text = capsys.readouterr()
    assert model.name in text.out
    assert "p50" in text.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["NET.TFLITE", "[bold]a.tflite", "a\udcff.tflite", "$(touch a).tflite", "été.tflite"],
)
def test_bench_takes_files_of_any_name(
    name: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(model.read_bytes())
    code, document = run(capsys, "bench", str(file), *SCRIPTED)
    assert code == 0
    assert document["measurements"][0]["artifact"]["path"] == str(file)
    assert document["measurements"][0]["artifact"]["format"] == "tflite"
    assert main(["bench", str(file), *SCRIPTED]) == 0
    assert capsys.readouterr().out.count("[bold]") == 2 * name.count("[bold]")


def test_bench_refuses_empty_data_and_seeds_that_runtimes_do_not_take(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(model), *SCRIPTED, "--data", ""]) == 2
    assert main(["bench", str(model), *SCRIPTED, "--seed", str(2**32)]) == 2
    assert capsys.readouterr().err.count("error:") == 2


@pytest.mark.slow
def test_compare_of_an_emulated_device_is_inconclusive(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny_models.dense(tmp_path, "float16")
    code, document = run(capsys, "compare", str(model), str(other), *SCRIPTED)
    assert (code, document["verdict"]) == (3, "inconclusive")
    assert valid("compare", document)


@pytest.mark.slow
def test_the_gate_passes_fails_and_says_so_in_its_exit_code(
    model: Path, budgets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(capsys, "gate", str(budgets), str(model))
    assert (code, document["decision"]) == (0, "pass")
    assert valid("gate", document)
    tight = write(tmp_path / "tight.toml", 'metric = "size_bytes"\nmax = 10')
    code, document = run(capsys, "gate", str(tight), str(model))
    assert (code, document["decision"]) == (1, "fail")


@pytest.mark.slow
def test_the_gate_does_not_take_emulated_times_for_latency(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = write(tmp_path / "slow.toml", 'metric = "latency_p50_ms"\nmax = "10 s"')
    code, document = run(capsys, "gate", str(slow), str(model), *SCRIPTED)
    assert (code, document["decision"]) == (3, "inconclusive")
    assert "emulated" in document["checks"][0]["reason"]


def test_the_gate_without_budgets_or_files_is_wrong_usage(
    model: Path, budgets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    assert run(capsys, "gate", str(empty), str(model))[0] == 2
    assert run(capsys, "gate", str(budgets))[0] == 2
    assert run(capsys, "gate", str(budgets), str(model), "--run", "latest")[0] == 2


def test_the_gate_says_which_devices_the_budgets_are_about(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(tmp_path / "other.toml", 'metric = "size_bytes"\nmax = 10\ndevice = "phone"')
    assert main(["gate", str(other), str(model)]) == 2
    assert "phone" in capsys.readouterr().err


def labelled(folder: Path, *, blind: bool) -> Path:
    """Samples for `tiny_models.dense` whose labels it guesses, or has all but always right."""
    x = np.random.default_rng(0).random((300, 6)).astype(np.float32)
    path = folder / "data.npz"
    if blind:
        y = np.random.default_rng(1).integers(0, 3, 300)
    else:
        y = outputs(tiny_models.dense(folder), x).argmax(axis=1)
        y[:3] = (0, 1, 2)
    np.savez(path, x=x, y=y)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["accuracy_drop", "agreement"])
def test_the_gate_wants_a_file_to_compare_with(
    model: Path, asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(labelled(tmp_path, blind=True))
    bound = 'max = "20 %"' if asked == "accuracy_drop" else 'min = "10 %"'
    budgets = write(tmp_path / "drop.toml", f'metric = "{asked}"\n{bound}')
    text = run(capsys, "gate", str(budgets), str(model), "--data", data)
    assert text[0] == 2
    assert f"The budget on {asked} needs a file to compare with" in text[1]["error"]["message"]
    assert "--baseline" in text[1]["error"]["hint"]
    with_itself = ("gate", str(budgets), str(model), "--data", data, "--baseline", str(model))
    code, document = run(capsys, *with_itself)
    assert code == 2
    assert "is its own baseline" in document["error"]["message"]
    other = tmp_path / "other.tflite"
    other.write_bytes(model.read_bytes() + bytes(16))
    code, document = run(capsys, *with_itself[:-1], str(other))
    assert (code, document["decision"]) == (0, "pass")


def test_the_gate_wants_data_for_quality(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = write(tmp_path / "accuracy.toml", 'metric = "accuracy"\nmin = 0.5')
    code, document = run(capsys, "gate", str(budgets), str(model))
    assert code == 2
    assert "--data" in document["error"]["hint"]


@pytest.mark.parametrize(
    ("table", "meant"),
    [
        ('metric = "accuracy"\nmin = 95', 'min = "95 %"'),
        ('metric = "agreement"\nmin = 95', 'min = "95 %"'),
        ('metric = "accuracy_drop"\nmax = 1', 'max = "1 point"'),
    ],
)
def test_the_gate_asks_for_the_unit_that_a_fraction_lacks(
    model: Path, table: str, meant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = write(tmp_path / "odd.toml", table)
    about = ["--data", str(labelled(tmp_path, blind=True)), "--baseline", str(model)]
    code, document = run(capsys, "gate", str(budgets), str(model), *about)
    assert code == 2
    assert document["error"]["message"].startswith(f"{budgets}: ")
    assert "lacks its unit" in document["error"]["message"]
    assert meant in document["error"]["hint"]


@pytest.mark.slow
def test_files_that_guess_are_warned_of_wherever_they_are_measured(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(labelled(tmp_path, blind=True)), *SCRIPTED]
    code, document = run(capsys, "bench", str(model), *data)
    assert code == 0
    assert valid("bench", document)
    (sentence,) = document["warnings"]
    assert sentence.startswith(f"{model} is no")
    for part in ("a constant answer", "(here 1 and 0)", "samples hold", "float32 input"):
        assert part in sentence
    assert main(["bench", str(model), *data]) == 0
    assert "warning:" in capsys.readouterr().out
    budgets = write(tmp_path / "low.toml", 'metric = "accuracy"\nmin = "1 %"')
    junit, text = tmp_path / "gate.xml", tmp_path / "gate.md"
    written = ["--junit", str(junit), "--markdown", str(text)]
    code, document = run(capsys, "gate", str(budgets), str(model), *data, *written)
    assert code == 0
    assert valid("gate", document)
    assert document["warnings"][0].startswith(f"{model} is no")
    for file in (junit, text):
        assert "a constant answer" in file.read_text()


def test_files_that_know_something_are_not_warned_of(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = labelled(tmp_path, blind=False)
    _, document = run(capsys, "bench", str(model), "--data", str(data), *SCRIPTED)
    (measured,) = document["measurements"]
    guess = measured["accuracy"]["guess"]
    assert measured["accuracy"]["value"] > 0.9
    assert (document["warnings"] == []) == (guess["gain_ci95"][0] > 0)
    assert document["warnings"] == []


@pytest.mark.slow
def test_one_file_that_fails_fails_the_gate_of_several(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = model.stat().st_size
    larger = tmp_path / "larger.tflite"
    larger.write_bytes(model.read_bytes() + bytes(64))
    exact = write(tmp_path / "exact.toml", f'metric = "size_bytes"\nmax = {size}')
    code, document = run(capsys, "gate", str(exact), str(model), str(larger))
    assert (code, document["decision"]) == (1, "fail")
    assert [check["verdict"] for check in document["checks"]] == ["pass", "fail"]
    assert [Path(check["file"]).name for check in document["checks"]] == [
        model.name,
        "larger.tflite",
    ]


def test_the_gate_writes_junit_and_markdown(
    model: Path, budgets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit, markdown = tmp_path / "out" / "gate.xml", tmp_path / "out" / "gate.md"
    options = ["--junit", str(junit), "--markdown", str(markdown)]
    assert main(["gate", str(budgets), str(model), *options]) == 0
    assert ElementTree.parse(junit).getroot().get("tests") == "1"  # noqa: S314  our own file
    assert "pass" in markdown.read_text().splitlines()[0]


@pytest.mark.parametrize("command", ["bench", "inspect"])
def test_damaged_missing_and_foreign_files_end_in_one_error(
    command: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = tmp_path / "half.tflite"
    half.write_bytes(model.read_bytes()[:100])
    assert main([command, str(half)]) == 5
    assert main([command, str(tmp_path / "missing.onnx")]) == 5
    assert capsys.readouterr().err.count("error:") == 2


def test_unknown_devices_and_targets_are_wrong_usage(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(model), "--on", "locla"]) == 2
    assert "local" in capsys.readouterr().err


@pytest.mark.slow
def test_inspect_of_an_artifact_keeps_the_contract(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(capsys, "inspect", str(model))
    assert code == 0
    assert valid("inspect", document)
    assert document["precision"] == "float32"
    assert main(["inspect", str(model)]) == 0
    assert "FULLY_CONNECTED" in capsys.readouterr().out


def test_targets_and_devices_list_the_local_one(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = run(capsys, "targets")
    assert "local" in [target["name"] for target in found["targets"]]
    code, found = run(capsys, "devices", "--on", "local@scripted://")
    assert code == 0
    (device,) = found["devices"]
    assert device["reachable"] is True
    assert any("emulated" in remark for remark in device["remarks"])
    assert main(["targets"]) == 0
    assert main(["devices", *SCRIPTED]) == 0
    assert "local" in capsys.readouterr().out


def test_a_device_that_does_not_answer_is_listed_as_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "dead.json"
    script.write_text(json.dumps({"answers": [{"stdout": "", "stderr": "gone", "exit_code": 1}]}))
    code, found = run(capsys, "devices", "--on", f"local@scripted://{script}")
    (device,) = found["devices"]
    assert code == 0
    assert (device["reachable"], device["fit"]) == (False, False)
    assert "gone" in " ".join(device["remarks"])


def test_bench_of_a_lost_device_ends_with_its_own_exit_code(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "dead.json"
    script.write_text(json.dumps({"answers": [{"stdout": "", "stderr": "gone", "exit_code": 1}]}))
    assert main(["bench", str(model), "--on", f"local@scripted://{script}"]) == 4
    assert "gone" in capsys.readouterr().err


@pytest.mark.slow
def test_bench_plays_what_it_recorded(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "recorded.json"
    data = tmp_path / "data.npz"
    x = np.random.default_rng(0).random((12, 6)).astype(np.float32)
    np.savez(data, x=x, y=np.arange(12) % 3)
    asked = ("bench", str(model), "--blocks", "2", "--data", str(data))
    code, document = run(capsys, *asked, "--record", str(script))
    assert code == 0
    (first,) = document["measurements"]
    assert first["host_parity"] is None
    code, document = run(capsys, *asked, "--on", f"arm-cpu@scripted://{script}")
    assert code == 0
    assert valid("bench", document)
    (played,) = document["measurements"]
    for key in ("latency_ms", "memory_bytes", "accuracy"):
        assert played[key] == first[key]
    assert (played["host_parity"]["different"], played["verdict"]) == (0, "emulated")


def test_bench_records_one_device_at_a_time(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = ("--on", "local", "--on", "arm-cpu@scripted://")
    assert main(["bench", str(model), *twice, "--record", str(tmp_path / "f")]) == 2
    assert "one device" in capsys.readouterr().err


def test_bench_says_when_another_host_measures(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"event": "refused", "cause": "locked", "reason": "locked by process 7"}
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"answers": [{"stdout": json.dumps(refused) + "\n"}]}))
    assert main(["bench", str(model), "--on", f"local@scripted://{script}"]) == 4
    assert "Another host is measuring" in capsys.readouterr().err


def test_the_gate_names_a_missing_unit_before_a_missing_baseline(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = write(tmp_path / "drop.toml", 'metric = "accuracy_drop"\nmax = 1')
    code, document = run(capsys, "gate", str(budgets), str(model))
    assert code == 2
    assert "lacks its unit" in document["error"]["message"]


def test_the_gate_refuses_a_useless_limit_on_an_error(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = write(tmp_path / "mae.toml", 'metric = "accuracy"\nmin = 0.9')
    budgets.write_text('[task]\nkind = "regression"\nmetric = "mae"\n' + budgets.read_text())
    code, document = run(capsys, "gate", str(budgets), str(model), "--data", "none.npz")
    assert code == 2
    assert "lower is better" in document["error"]["message"]


@pytest.mark.slow
def test_the_gate_calls_the_tasks_metric_by_its_name(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=outputs(model, x) + 1)
    budgets = write(tmp_path / "mae.toml", 'metric = "accuracy"\nmax = 17')
    budgets.write_text('[task]\nkind = "regression"\nmetric = "mae"\n' + budgets.read_text())
    junit = tmp_path / "gate.xml"
    about = ["--data", str(tmp_path / "data.npz"), "--junit", str(junit), *SCRIPTED]
    assert main(["gate", str(budgets), str(model), *about]) == 0
    assert "accuracy (mae)" in capsys.readouterr().out
    assert "accuracy (mae) ≤ 17.0" in junit.read_text()


def beside(folder: Path) -> tuple[list[str], list[str]]:
    """A file that runs and one that takes four samples at once; and data for both."""
    files = [str(onnx_files.float_file(folder)), str(onnx_files.fixed_batch(folder, 4))]
    x = np.random.default_rng(0).random((40, 3, 6, 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(40) % 5)
    return files, ["--data", str(folder / "data.npz"), *SCRIPTED]


@pytest.mark.slow
def test_bench_of_a_file_that_cannot_be_run_beside_others_ends_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, about = beside(tmp_path)
    assert main(["bench", *files, *about, "--json"]) == 5
    text = capsys.readouterr()
    document = json.loads(text.out)
    assert valid("bench", document)
    good, bad = document["measurements"]
    assert good["accuracy"]["n"] == 40
    assert (bad["verdict"], bad["accuracy"]) == ("failed", None)
    assert "takes 4 samples at once" in bad["reason"]
    assert f"error: {files[1]} cannot be run" in text.err
    assert main(["bench", *files, *about]) == 5
    shown = capsys.readouterr().out
    assert "with a batch of 1" in shown
    assert "noisy" not in shown


def test_a_file_of_a_larger_batch_alone_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, about = beside(tmp_path)
    code, document = run(capsys, "bench", files[1], *about)
    assert code == 5
    assert "export it with a batch of 1" in document["error"]["hint"]


@pytest.mark.slow
def test_the_gate_says_why_a_file_has_no_accuracy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, about = beside(tmp_path)
    budgets = write(tmp_path / "low.toml", 'metric = "accuracy"\nmin = "1 %"')
    code, document = run(capsys, "gate", str(budgets), *files, *about)
    assert code == 5
    assert [check["verdict"] for check in document["checks"]] == ["pass", "inconclusive"]
    assert "cannot be run" in document["checks"][1]["reason"]
    high = write(tmp_path / "high.toml", 'metric = "accuracy"\nmin = "99 %"')
    assert run(capsys, "gate", str(high), *files, *about)[0] == 1


@pytest.mark.slow
def test_the_gate_tells_files_of_one_name_apart(
    budgets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        files.append(str(tiny_models.dense(tmp_path / name)))
    markdown = tmp_path / "gate.md"
    assert main(["gate", str(budgets), *files, "--markdown", str(markdown)]) == 0
    shown = capsys.readouterr().out + markdown.read_text()
    for file in files:
        assert shown.count(file) >= 2
