"""What a gate compares with: a bundle, a release in the store, a run's winner; and equal files."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests import kept_run, tiny_models
from tests.kept_run import Kept
from tests.unit.test_cli_measuring import run, valid, write

import edgehone as eh
from edgehone.actions.release.bundle import Request as BundleRequest
from edgehone.actions.release.bundle import bundle
from edgehone.actions.release.releases import Request, tag
from edgehone.cli.app import main

TABLES = (
    'metric = "size_bytes"\nmax = "+2 %"\nrelative_to = "baseline"',
    'metric = "io_types"\nrelative_to = "baseline"',
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A run whose winner is released as v1, and a bundle of it beside its folder."""
    found = kept_run.kept_run(tmp_path_factory.mktemp("run"))
    path = found.folder.parent / "release.zip"
    bundle(BundleRequest((found.run,), path, found.folder))
    tag(Request(path, "v1", found.folder))
    return found


def words(kept: Kept, kind: str) -> Sequence[str]:
    named = {
        "release": "release",
        "named": "release:v1",
        "bundle": str(kept.folder.parent / "release.zip"),
        "run": f"run:{kept.run}",
        "file": str(kept.winner),
    }
    return ("--baseline", named[kind], "--folder", str(kept.folder))


OPEN = (
    'metric = "latency_p50_ms"\nmax = "+5 %"\nrelative_to = "baseline"',
    'metric = "accuracy_drop"\nmax = 0.01',
)
"""What a run cannot answer about a file that it did not measure beside its winner."""


@pytest.mark.slow
@pytest.mark.parametrize("named", ["release", "release.zip"])
def test_a_runs_winner_that_is_the_release_passes_and_no_device_is_asked(
    named: str, kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = str(write(tmp_path / "b.toml", *TABLES, OPEN[0]))
    base = named if named == "release" else str(kept.folder.parent / named)
    code, found = run(capsys, "gate", budgets, *kept.words("--baseline", base))
    assert (code, found["decision"], valid("gate", found)) == (0, "pass", True)
    assert [each["value"] for each in found["checks"]] == [1.0, 0.0, 1.0]
    assert found["warnings"] == []


@pytest.mark.slow
def test_a_runs_winner_is_judged_against_a_file_and_what_needs_a_device_is_said(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = str(write(tmp_path / "b.toml", *TABLES, *OPEN))
    base = str(tiny_models.net(tmp_path))
    code, found = run(capsys, "gate", budgets, *kept.words("--baseline", base))
    checks = {each["metric"]: each for each in found["checks"]}
    size = kept.winner.stat().st_size / Path(base).stat().st_size
    assert checks["size_bytes"]["value"] == size
    assert checks["io_types"]["verdict"] == "fail"
    assert (code, valid("gate", found)) == (1, True)
    for metric in ("latency_p50_ms", "accuracy_drop"):
        assert checks[metric]["verdict"] == "inconclusive"
        assert "--on DEVICE" in checks[metric]["reason"]
    (warning,) = found["warnings"]
    assert "a device is needed for latency_p50_ms, accuracy_drop" in warning
    assert found["why"][0]["baseline"] == base


@pytest.mark.slow
def test_a_runs_winner_is_judged_against_what_the_run_began_with(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own baseline is what its drops were counted from: named or not, it is the same."""
    budgets = str(write(tmp_path / "b.toml", TABLES[0], OPEN[1]))
    named = run(capsys, "gate", budgets, *kept.words("--baseline", str(kept.baseline)))
    assert named[1]["checks"] == run(capsys, "gate", budgets, *kept.words())[1]["checks"]
    assert named[1]["checks"][1]["value"] is not None


@pytest.mark.slow
def test_the_gate_of_a_run_takes_its_baseline_in_python(kept: Kept, tmp_path: Path) -> None:
    budgets = write(tmp_path / "b.toml", *TABLES)
    base = tiny_models.net(tmp_path)
    found = eh.gate(budgets, run=kept.run, folder=kept.folder, baseline=base)
    assert found.decision == "fail"
    assert found.checks[0].against == base.stat().st_size


@pytest.mark.parametrize("others", [(), ('metric = "size_bytes"\nmax = "1 MB"\ndevice = "pi"',)])
def test_budgets_that_only_a_device_can_answer_are_open(
    others: tuple[str, ...], kept: Kept, tmp_path: Path
) -> None:
    budgets = write(tmp_path / "b.toml", OPEN[1], *others)
    found = eh.gate(budgets, run=kept.run, folder=kept.folder, baseline=tiny_models.net(tmp_path))
    assert found.decision == "inconclusive"
    assert {each.metric: each.verdict for each in found.checks} == dict.fromkeys(
        ["accuracy_drop", *["size_bytes"] * len(others)], "inconclusive"
    )
    (warning,) = found.warnings
    assert "a device is needed for accuracy_drop" in warning
    assert warning.endswith(f'name one with on="{found.measurements[0].device.name}"')


KINDS = ("release", "named", "bundle", "run", "file")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_did_not_change_passes(
    kind: str, kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a commit that changes no model does not fail, nor is refused."""
    write(tmp_path / "b.toml", *TABLES)
    shutil.copy(kept.winner, tmp_path / "m.tflite")
    model = str(tmp_path / "m.tflite")
    code, found = run(capsys, "gate", str(tmp_path / "b.toml"), model, *words(kept, kind))
    assert (code, found["decision"]) == (0, "pass")
    assert [each["value"] for each in found["checks"]] == [1.0, 0.0]
    assert valid("gate", found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_grew_or_has_other_borders_fails(
    kind: str, kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "b.toml", *TABLES)
    model = str(tiny_models.net(tmp_path))
    code, found = run(capsys, "gate", str(tmp_path / "b.toml"), model, *words(kept, kind))
    assert code == 1
    assert [each["verdict"] for each in found["checks"]] == ["fail", "fail"]
    assert found["checks"][0]["against"] == kept.winner.stat().st_size
    assert found["why"][0]["layers"]


@pytest.mark.slow
def test_what_a_file_that_did_not_change_takes_is_as_before(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was counted: a file that is the same is no slower."""
    write(tmp_path / "b.toml", 'metric = "instructions"\nmax = "+1 %"\nrelative_to = "baseline"')
    shutil.copy(kept.winner, tmp_path / "m.tflite")
    (tmp_path / "q.json").write_text(json.dumps({"instructions": {"base": 5e4}}))
    device = f"arm-emulated@scripted://{tmp_path / 'q.json'}"
    about = ("gate", str(tmp_path / "b.toml"), str(tmp_path / "m.tflite"), "--on", device)
    code, found = run(capsys, *about, *words(kept, "release"))
    assert (code, found["checks"][0]["value"]) == (0, 1.0)


def test_a_bundle_that_was_changed_is_no_baseline(kept: Kept, tmp_path: Path) -> None:
    write(tmp_path / "b.toml", *TABLES)
    changed = tmp_path / "changed.zip"
    content = bytearray((kept.folder.parent / "release.zip").read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    model = str(tiny_models.dense(tmp_path))
    assert main(["gate", str(tmp_path / "b.toml"), model, "--baseline", str(changed)]) == 5


@pytest.mark.slow
def test_the_file_itself_is_not_its_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "b.toml", *TABLES)
    model = str(tiny_models.dense(tmp_path))
    assert main(["gate", str(tmp_path / "b.toml"), model, "--baseline", model]) == 2
    assert "is its own baseline" in capsys.readouterr().err


RELEASES = ("release", "bundle", "run")
SIZE = 'metric = "size_bytes"\nmax = "1 MiB"'
WAIVER = """
[[waiver]]
metric = "io_types"
reason = "the app is changed with it"
owner = "ana"
expires = 2999-01-01
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_other_borders_than_the_releases_fail_though_no_budget_is_about_them(
    kind: str, kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no release, such as the float32 one, may have other borders."""
    model = str(tiny_models.dense(tmp_path, "float32"))
    write(tmp_path / "b.toml", TABLES[0].replace("2 %", "90 %"), SIZE)
    code, found = run(capsys, "gate", str(tmp_path / "b.toml"), model, *words(kept, kind))
    assert valid("gate", found)
    if kind == "file":
        assert (code, len(found["checks"])) == (0, 2)
        return
    implied = found["checks"][-1]
    assert (code, implied["id"], implied["verdict"]) == (1, "io_types.max.relative@local", "fail")
    assert implied["budget"] == {
        "metric": "io_types",
        "max": 0,
        "relative_to": "baseline",
        "implied": True,
    }
    assert "type int8 -> float32" in implied["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", RELEASES)
def test_borders_as_released_pass_and_a_release_is_compared_with_whatever_is_asked(
    kind: str, kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "b.toml", SIZE)
    shutil.copy(kept.winner, tmp_path / "m.tflite")
    about = ("gate", str(tmp_path / "b.toml"), str(tmp_path / "m.tflite"), "--files-only")
    code, found = run(capsys, *about, *words(kept, kind))
    assert (code, [each["value"] for each in found["checks"][1:]]) == (0, [0.0])
    assert main([*about, *words(kept, kind)]) == 0
    assert "io_types (as released)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_waiver_or_a_budget_of_ones_own_lets_borders_change(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "b.toml", SIZE)
    about = (
        "gate",
        str(path),
        str(tiny_models.dense(tmp_path, "float32")),
        *words(kept, "release"),
    )
    before = path.read_text()
    path.write_text(before + WAIVER)
    code, found = run(capsys, *about)
    assert (code, found["checks"][-1]["waived"]["owner"]) == (0, "ana")
    path.write_text(before + WAIVER.replace("2999", "2020"))
    assert run(capsys, *about)[0] == 1
    write(path, SIZE, f"{TABLES[1]}\nrequired = false")
    code, found = run(capsys, *about)
    assert (code, [each["required"] for each in found["checks"]]) == (0, [True, False])


def test_a_budget_that_is_not_about_the_device_is_refused_though_borders_are_compared(
    kept: Kept, tmp_path: Path
) -> None:
    path = write(tmp_path / "b.toml", f'{SIZE}\ndevice = "bench-pi"')
    about = ["gate", str(path), str(kept.winner), "--on", "local"]
    assert main([*about, *words(kept, "release")]) == 2
