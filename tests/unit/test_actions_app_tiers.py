"""Which candidate of a run each tier gets: by measured size, speed and accuracy, or by name."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import app_kits, tiny_models
from tests.kept_run import Kept, described, kept_run

from edgehone import documents
from edgehone.actions.app.tiers import chosen
from edgehone.actions.lone_files import artifact
from edgehone.cli.app import main
from edgehone.errors import UsageError
from edgehone.store import Store


def ended(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A run with a file for each candidate; the third one's is the smallest."""
    place = tmp_path_factory.mktemp("kept")

    def changes(document: dict[str, Any]) -> None:
        folder = place / "runs" / document["run"] / "artifacts"
        for number, each in enumerate(document["candidates"], 1):
            path = tiny_models.dense(folder, "int8", f"candidate-{number}")
            padding = bytes(0 if number == 3 else 64 * number)
            path.write_bytes(path.read_bytes() + padding)
            each["measurement"]["artifact"] |= described(Store(place / "runs"), path)

    return kept_run(place, changes)


def kits(kept: Kept, folder: Path, *words: str) -> list[object]:
    """A call of `edgehone app` for the run."""
    run = ("app", "--run", kept.run, "--folder", kept.folder, "--data", "random", "--scale", "1")
    return [*run, "--for", "android", "-o", folder / "kits", *words]


@pytest.mark.slow
def test_choices_are_made_among_the_proven_candidates_by_what_was_measured(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiers = {
        "small": "smallest:ram<2GiB",
        "quick": "fastest:ram<3GiB",
        "exact": "most-accurate:ram>=8GiB",
        "named": "candidate-6:device=google/redfin",
    }
    words = [word for name, rest in tiers.items() for word in ("--tier", f"{name}={rest}")]
    code, value = ended(capsys, *kits(kept, tmp_path, *words))
    assert code == 0
    jsonschema.Draft202012Validator(documents.schema("app")).validate(value)
    (kit,) = value["kits"]
    files = {each["name"]: Path(each["artifact"]["path"]).stem for each in kit["tiers"]}
    assert files == {
        "small": "candidate-3",
        "quick": "candidate-4",
        "exact": "candidate-1",
        "named": "candidate-6",
        "other": "candidate-4",
    }
    doubts = [text for text in value["warnings"] if "candidate-6" in text]
    assert doubts == ["Tier 'named' gets candidate-6, which misses the run's budgets."]


def told(place: Path, changes: Any) -> list[str]:
    """The tier that the fastest candidate is, and what is said against it, after changes to the
    measurements of the candidates: changes(number, measurement).
    """

    def made(document: dict[str, Any]) -> None:
        folder = place / "runs" / document["run"] / "artifacts"
        for number, each in enumerate(document["candidates"], 1):
            path = tiny_models.dense(folder, "int8", f"candidate-{number}")
            path.write_bytes(path.read_bytes() + bytes(number))
            each["measurement"]["artifact"] |= described(Store(place / "runs"), path)
            changes(number, each["measurement"])

    kept = kept_run(place, made)
    own = artifact(kept.winner)
    tier, *_ = chosen(["quick=fastest:ram<3GiB"], own, kept.folder, kept.run, ["tflite"])
    return [tier.artifact.path.stem, tier.warning]


def emulated(number: int, measurement: dict[str, Any]) -> None:
    measurement["device"] |= {"emulated": True}
    measurement["instructions"] = 1000 * number


def test_the_fastest_on_an_emulated_device_is_that_of_the_fewest_instructions(
    tmp_path: Path,
) -> None:
    assert told(tmp_path, emulated) == ["candidate-1", ""]


def test_an_emulator_that_counts_nothing_tells_no_fastest(tmp_path: Path) -> None:
    def uncounted(number: int, measurement: dict[str, Any]) -> None:
        emulated(number, measurement)
        measurement["instructions"] = None

    with pytest.raises(UsageError, match="tells which candidate is the fastest"):
        told(tmp_path, uncounted)


def test_times_that_are_not_valid_are_told_with_the_fastest(tmp_path: Path) -> None:
    def contended(number: int, measurement: dict[str, Any]) -> None:
        if number == 2:
            measurement["verdict"] = "contended"

    name, warning = told(tmp_path, contended)
    assert name == "candidate-4"
    assert "not certain: of candidate-2 (contended)" in warning


@pytest.mark.slow
def test_another_model_may_be_that_of_all_other_devices(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--tier", "big=winner:ram>=8GiB", "--tier", "other=candidate-3")
    code, value = ended(capsys, *kits(kept, tmp_path, *words))
    assert code == 0
    (kit,) = value["kits"]
    assert [each["choice"] for each in kit["tiers"]] == ["winner", "candidate-3"]
    assert kit["model"]["model"]["sha256"] == kit["tiers"][-1]["artifact"]["sha256"]
    assert Path(kit["artifact"]["path"]).stem == "candidate-3"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--tier", "low=candidate-9:ram<4GiB"), "Unknown candidate 'candidate-9'", "candidate-1"),
        (("--tier", "low=smallest"), "has no condition", "NAME=CHOICE:CONDITION"),
        (("--tier", "other=smallest"), "There is no tier but 'other'", "with a condition"),
        (("--delivery", "on-demand"), "--delivery has no effect", "--tier"),
        (
            ("--tier", "low=winner:ram<4GiB", "--delivery", "later"),
            "Unknown delivery",
            "install-time",
        ),
    ],
)
def test_what_no_pack_can_be_made_of_is_refused(
    kept: Kept,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    message: str,
    hint: str,
) -> None:
    code, value = ended(capsys, *kits(kept, tmp_path, *words))
    assert code == 2
    assert message in value["error"]["message"]
    assert hint in value["error"]["hint"]
    assert not (tmp_path / "kits").exists()


def test_tiers_are_of_android_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = app_kits.numbers_net(tmp_path)
    tier = ("--tier", f"low={file}:ram<4GiB")
    code, value = ended(capsys, "app", file, "--for", "linux", "-o", tmp_path / "k", *tier)
    assert code == 2
    assert "--tier has no effect for linux" in value["error"]["message"]
