"""A bundle holds the files that were measured, and says of them what was recorded, no more."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests import kept_run, release_keys, tiny_models
from tests.kept_run import Kept
from tests.run_document import measurement

from edgehone.actions.release.bundle import Request, bundle
from edgehone.actions.release.releases import unpacked
from edgehone.cli.app import main
from edgehone.config import load_recipes
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.errors import BudgetsMissedError, ModelError, UsageError
from edgehone.release.reading import read
from edgehone.release.signing import Signer, signature_of
from edgehone.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return kept_run.kept_run(tmp_path, lineage)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a run as it is, for tests that only read it."""
    folder = tmp_path_factory.mktemp("whole")
    of(kept_run.kept_run(folder, lineage), folder / "r.zip")
    return folder / "r.zip"


def lineage(document: Any) -> None:
    document["project"] |= {
        "teacher": "/home/somebody/teacher.keras",
        "teacher_sha256": "a" * 64,
        "data_sha256": "b" * 64,
        "data_file_sha256": "c" * 64,
        "samples": {"train": 100, "test": 20},
    }
    document["warnings"] = ["The teacher is *small*."]
    # The run chose this file: what it says of the candidate is about the same bytes.
    document["candidates"][3]["measurement"]["artifact"] |= document["winner"]["artifact"]


def of(kept: Kept, path: Path, **options: Any) -> Any:
    return bundle(Request((kept.run,), path, kept.folder, **options))


def inside(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def evidence(path: Path) -> Any:
    found = json.loads(inside(path, "evidence.json"))
    jsonschema.validate(found, schema("evidence"))
    return found


@pytest.mark.slow
def test_a_runs_winner_is_bundled_with_all_that_is_known_of_it(kept: Kept, tmp_path: Path) -> None:
    path = tmp_path / "r.zip"
    found = of(kept, path, licence="Apache-2.0")
    jsonschema.validate(json.loads(json.dumps(found.document)), schema("bundle"))
    manifest = json.loads(inside(path, "manifest.json"))
    jsonschema.validate(manifest, schema("manifest"))
    assert (manifest["run"], manifest["decision"]) == (kept.run, "pass")
    assert [each["path"] for each in manifest["files"]] == [
        "MODEL_CARD.md",
        "artifacts/winner.tflite",
        "bom.cdx.json",
        "evidence.json",
        "licences/ai-edge-litert/LICENSE",
        "recipe.toml",
        "report.html",
        "run.json",
    ]
    with zipfile.ZipFile(path) as archive:
        assert archive.read("artifacts/winner.tflite") == kept.winner.read_bytes()
    (missing,) = found.warnings
    assert missing.startswith("No app contract is in the bundle. There is no data at 'fashion.npz'")
    text = evidence(path)
    assert text["lineage"]["teacher"] == {
        "source": "teacher.keras",
        "sha256": "a" * 64,
        "params": None,
        "macs": None,
    }
    assert text["lineage"]["data"]["samples_sha256"] == "b" * 64
    assert text["lineage"]["data"]["file_sha256"] == "c" * 64
    assert text["licence"] == "Apache-2.0"
    (measured,) = text["measurements"]
    assert len(measured["latency_ms"]["samples"]) == 5
    assert measured["conditions"]["governor"] == "performance"
    assert text["recipe"]["steps"][0]["technique"] == "prune_channels"
    (recipe,) = tomllib.loads(inside(path, "recipe.toml"))["recipe"]
    assert recipe["steps"][0] == {"technique": "prune_channels", "ratio": 0.5}
    (tmp_path / "recipe.toml").write_text(inside(path, "recipe.toml"))
    assert len(load_recipes(tmp_path / "recipe.toml")) == 1  # it can be carried out again
    assert text["environment"]["tensorflow"] == "2.21.0"
    assert text["baselines"][0]["artifact"]["precision"] == "float32"
    run = json.loads(inside(path, "run.json"))
    jsonschema.validate(run, schema("run"))
    assert RunDocument.from_json(run).winner is not None
    assert run["winner"]["artifact"]["path"] == "artifacts/winner.tflite"


@pytest.mark.slow
def test_the_recipe_has_the_steps_that_made_the_student(kept: Kept, tmp_path: Path) -> None:
    of(kept, tmp_path / "r.zip")
    own = inside(tmp_path / "r.zip", "recipe.toml")
    folder = kept.folder / kept.run / "winner"
    folder.mkdir()
    first = '  {technique = "scale_width", factor = 0.5},'
    (folder / "recipe.toml").write_text(own.replace("steps = [", f"steps = [\n{first}"))
    of(kept, tmp_path / "r.zip")
    steps = [each["technique"] for each in evidence(tmp_path / "r.zip")["recipe"]["steps"]]
    assert steps == ["scale_width", "prune_channels", "factorize", "distill"]
    assert "scale_width" in inside(tmp_path / "r.zip", "recipe.toml")
    (folder / "recipe.toml").write_text(own.replace("energy = 0.98", "energy = 0.5"))
    of(kept, tmp_path / "r.zip")  # what is not the run's own recipe is not told as if it were
    assert inside(tmp_path / "r.zip", "recipe.toml") == own


def test_no_folder_of_the_machine_is_in_a_bundle(whole: Path) -> None:
    for name in ("run.json", "evidence.json", "report.html", "MODEL_CARD.md", "bom.cdx.json"):
        text = inside(whole, name)
        assert str(whole.parent) not in text, name
        assert "/home/somebody" not in text, name


def test_the_model_card_tells_what_was_measured_with_its_interval(whole: Path) -> None:
    card, text = inside(whole, "MODEL_CARD.md"), evidence(whole)
    p50 = text["measurements"][0]["latency_ms"]["p50"]
    assert f"| latency_p50_ms | {1000 * p50:.1f} µs | " in card
    assert "| accuracy | 89.9 % | 88.58 to 91.22 % |" in card
    assert "| accuracy_drop | 1.3 points | 0.9 to 1.7 points |" in card
    assert "on local, litert 2.3.0, xnnpack, 1 thread" in card
    assert "* The teacher is \\*small\\*." in card
    assert f"SHA-256 {'a' * 64}" in card
    assert "Licence of the model: not stated." in card
    assert "instructions" not in card  # they were not counted
    assert "emulated" not in card
    assert "\n\n\n" not in card


@pytest.mark.slow
def test_names_that_hold_markup_stay_names_in_the_card(tmp_path: Path) -> None:
    def strange(document: Any) -> None:
        lineage(document)
        document["name"] = "<script>alert(1)</script> | *x*\n# y"

    kept = kept_run.kept_run(tmp_path, strange)
    of(kept, tmp_path / "r.zip")
    card = inside(tmp_path / "r.zip", "MODEL_CARD.md")
    first = "# &lt;script&gt;alert(1)&lt;/script&gt; \\| \\*x\\*\\\\n# y"
    assert card.splitlines()[0] == first
    assert "<script" not in card


@pytest.mark.slow
def test_emulated_and_noisy_numbers_say_so_wherever_they_stand(tmp_path: Path) -> None:
    def emulated(document: Any) -> None:
        lineage(document)
        document["winner"]["device"] |= {"name": "arm", "target": "arm-emulated", "emulated": True}
        document["winner"] |= {"verdict": "noisy", "reason": "medians differ"}
        document["candidates"][3]["measurement"] = document["winner"]

    kept = kept_run.kept_run(tmp_path, emulated)
    of(kept, tmp_path / "r.zip")
    said = "emulated: times are not those of the device, noisy (medians differ)"
    assert said in inside(tmp_path / "r.zip", "MODEL_CARD.md")
    bom = json.loads(inside(tmp_path / "r.zip", "bom.cdx.json"))
    metrics = bom["components"][0]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert all(said in each["slice"] for each in metrics if "slice" in each)


@pytest.mark.slow
def test_the_bill_of_materials_is_cyclonedx_and_has_what_was_measured(
    kept: Kept, tmp_path: Path
) -> None:
    path = tmp_path / "r.zip"
    of(kept, path, licence="Apache-2.0")
    text = inside(path, "bom.cdx.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom, sentence = json.loads(text), evidence(path)
    model, teacher, data, runtime = bom["components"]
    assert model["hashes"] == [{"alg": "SHA-256", "content": sentence["artifacts"][0]["sha256"]}]
    metrics = {
        each["type"]: each
        for each in model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    }
    measured = sentence["measurements"][0]
    assert float(metrics["latency_p50_ms"]["value"]) == measured["latency_ms"]["p50"]
    assert float(metrics["size_bytes"]["value"]) == kept.winner.stat().st_size
    low = metrics["accuracy"]["confidenceInterval"]["lowerBound"]
    assert float(low) == measured["accuracy"]["ci95"][0]
    assert (teacher["hashes"][0]["content"], data["hashes"][0]["content"]) == ("a" * 64, "c" * 64)
    assert model["modelCard"]["modelParameters"]["datasets"] == [{"ref": "data"}]
    assert runtime["purl"].startswith("pkg:pypi/ai-edge-litert@")


def test_of_files_without_a_run_the_bill_of_materials_is_valid_too(tmp_path: Path) -> None:
    file = tiny_models.dense(tmp_path)
    found = bundle(Request((str(file),), tmp_path / "r.zip", tmp_path / "runs"))
    text = inside(tmp_path / "r.zip", "bom.cdx.json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "has no numbers but sizes" in found.warnings[0]
    assert evidence(tmp_path / "r.zip")["lineage"] is None
    assert "Nothing was measured of these files" in inside(tmp_path / "r.zip", "MODEL_CARD.md")
    assert not (tmp_path / "runs").exists()


BUNDLE = """
import os, sys
os.umask(int(sys.argv[3], 8))
from edgehone.cli.app import main
sys.exit(main(["bundle", "latest", "-o", sys.argv[1], "--folder", sys.argv[2]]))
"""


@pytest.mark.slow
def test_the_same_run_is_the_same_bytes_wherever_it_lies(kept: Kept, tmp_path: Path) -> None:
    moved = tmp_path / "moved" / "else where"
    shutil.copytree(kept.folder, moved)
    found = []
    for folder, zone, mask in ((kept.folder, "UTC", "022"), (moved, "Asia/Kathmandu", "077")):
        path = tmp_path / zone.replace("/", "-") / "r.zip"
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(len(zone)), "LC_ALL": "C"}
        words = [sys.executable, "-c", BUNDLE, str(path), str(folder), mask]
        subprocess.run(words, check=True, capture_output=True, env=environment, cwd=folder.parent)
        found.append(path.read_bytes())
    assert found[0] == found[1]
    again = of(kept, tmp_path / "again.zip")
    assert again.sha256 == read(tmp_path / "UTC" / "r.zip").sha256


def test_a_file_that_the_run_did_not_measure_is_not_bundled(kept: Kept, tmp_path: Path) -> None:
    kept_run.swap(kept.winner, kept.baseline)
    with pytest.raises(ModelError, match="is not the file that run"):
        of(kept, tmp_path / "r.zip")
    assert not (tmp_path / "r.zip").exists()


def test_a_run_without_a_winner_has_nothing_to_bundle(tmp_path: Path) -> None:
    def nothing(document: Any) -> None:
        lineage(document)
        document["winner"] = None

    kept = kept_run.kept_run(tmp_path, nothing)
    with pytest.raises(BudgetsMissedError, match="has no winner"):
        of(kept, tmp_path / "r.zip")


@pytest.mark.slow
def test_what_is_not_proven_is_bundled_with_a_warning(tmp_path: Path) -> None:
    def unproven(document: Any) -> None:
        lineage(document)
        document |= {"best_unproven": document["winner"], "winner": None}
        document |= {"best_unproven_name": "candidate-4", "decision": "inconclusive"}

    kept = kept_run.kept_run(tmp_path, unproven)
    found = of(kept, tmp_path / "r.zip")
    assert any("is inconclusive" in each for each in found.warnings)
    assert found.manifest.decision == "inconclusive"
    assert ": inconclusive" in inside(tmp_path / "r.zip", "MODEL_CARD.md")


def documented(tmp_path: Path, file: Path, device: str = "local") -> dict[str, Any]:
    """What bench would say of a file."""
    found = measurement("m", 0.5, 700, 0.9)
    store = Store(tmp_path / "runs")
    found["artifact"] |= kept_run.described(store, file)
    found["device"]["name"] = device
    return found


@pytest.mark.slow
def test_files_are_bundled_with_what_was_measured_of_them(tmp_path: Path) -> None:
    file, other = tiny_models.dense(tmp_path), tiny_models.dense(tmp_path, "int8")
    stored, printed = documented(tmp_path, file, "stored"), documented(tmp_path, other, "printed")
    store = Store(tmp_path / "runs")
    store.add_measurement({**stored, "verdict": "noisy"})
    store.add_measurement(stored)
    (tmp_path / "bench.json").write_text(json.dumps({"measurements": [printed]}))
    sources, measured = (str(file), str(other)), (tmp_path / "bench.json",)
    bundle(Request(sources, tmp_path / "r.zip", tmp_path / "runs", measured=measured))
    text = evidence(tmp_path / "r.zip")["measurements"]
    assert {(each["device"]["name"], each["verdict"]) for each in text} == {
        ("stored", "valid"),
        ("printed", "valid"),
    }
    assert {each["artifact"]["path"] for each in text} == {
        f"artifacts/{file.name}",
        f"artifacts/{other.name}",
    }


@pytest.mark.slow
def test_measurements_of_other_files_are_refused(tmp_path: Path) -> None:
    file, other = tiny_models.dense(tmp_path), tiny_models.dense(tmp_path, "int8")
    found = {"measurements": [documented(tmp_path, other)]}
    for name, content, message in (
        ("other.json", json.dumps(found), "no measurement of any of the bundled files"),
        ("empty.json", "{}", "has no measurements"),
        ("text.json", "nonsense", "is not JSON"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(UsageError, match=message):
            bundle(Request((str(file),), tmp_path / "r.zip", measured=(tmp_path / name,)))
    with pytest.raises(UsageError, match="File not found"):
        bundle(Request((str(file),), tmp_path / "r.zip", measured=(tmp_path / "none.json",)))
    assert not (tmp_path / "r.zip").exists()


@pytest.mark.slow
def test_files_of_one_name_are_both_bundled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = tiny_models.dense(tmp_path, name="net")
    second = tiny_models.dense(tmp_path / "a", "int8", name="net")
    found = bundle(Request((str(first), str(second), str(first)), tmp_path / "r.zip"))
    names = [each.path for each in found.manifest.of_role("artifact")]
    assert names == ["artifacts/net-2.tflite", "artifacts/net.tflite"]


@pytest.mark.slow
def test_the_contract_of_an_app_is_taken_along_where_it_is_about_these_files(
    tmp_path: Path,
) -> None:
    file, other = tiny_models.dense(tmp_path), tiny_models.dense(tmp_path, "int8")
    first = bundle(Request((str(file),), tmp_path / "r.zip"))
    sha256 = first.manifest.of_role("artifact")[0].sha256
    contract = tmp_path / "model.json"
    contract.write_text(json.dumps({"model": {"sha256": sha256}}))
    found = bundle(Request((str(file),), tmp_path / "r.zip", contract=contract))
    (entry,) = found.manifest.of_role("contract")
    assert inside(tmp_path / "r.zip", entry.path) == contract.read_text()
    with pytest.raises(UsageError, match="about none of the bundled files"):
        bundle(Request((str(other),), tmp_path / "o.zip", contract=contract))
    contract.write_text("[]")
    with pytest.raises(UsageError, match="is not the contract of an app"):
        bundle(Request((str(file),), tmp_path / "o.zip", contract=contract))


@pytest.mark.slow
def test_the_contract_of_a_kit_comes_back_with_the_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, kit = tiny_models.dense(tmp_path, "int8"), tmp_path / "kit"
    assert main(["app", str(file), "--for", "linux", "-o", str(kit), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["kits"]
    contract = kit / "linux" / "model.json"
    bundle(Request((str(file),), tmp_path / "r.zip", contract=contract))
    found = unpacked(tmp_path / "r.zip", tmp_path / "into").contract
    assert found == row["model"]
    jsonschema.validate(found, schema("app_model"))


@pytest.mark.slow
def test_bundle_and_signature_are_written_together_or_not_at_all(
    kept: Kept, tmp_path: Path
) -> None:
    path, keys = tmp_path / "out" / "r.zip", release_keys.pair(tmp_path)
    with pytest.raises(UsageError, match="is not a private key"):
        of(kept, path, signer=Signer(key=keys.public))
    assert not path.parent.exists()
    found = of(kept, path, signer=Signer(key=keys.private))
    assert found.signature == signature_of(path)
    unsigned = of(kept, tmp_path / "unsigned.zip")
    assert unsigned.sha256 == found.sha256  # the signature lies beside, and changes no byte


@pytest.mark.slow
def test_a_signature_of_what_lay_there_before_goes_unless_it_still_fits(
    kept: Kept, tmp_path: Path
) -> None:
    path = tmp_path / "r.zip"
    of(kept, path, signer=Signer(key=release_keys.pair(tmp_path).private))
    assert of(kept, path).signature == signature_of(path)
    assert of(kept, path, licence="MIT").signature is None
    assert not signature_of(path).exists()


def test_what_cannot_be_bundled_is_named(kept: Kept, tmp_path: Path) -> None:
    file = str(kept.winner)
    for sources, message in (
        ((), "Nothing to bundle"),
        (("no-such-run",), "Unknown run 'no-such-run'"),
        ((file, kept.run), f"{kept.run!r} is not a file"),
    ):
        with pytest.raises(UsageError, match=message):
            bundle(Request(sources, tmp_path / "r.zip", kept.folder))
    with pytest.raises(ModelError, match="File not found"):
        bundle(Request(("none.tflite",), tmp_path / "r.zip", kept.folder))
    with pytest.raises(UsageError, match="has its own measurements"):
        of(kept, tmp_path / "r.zip", measured=(tmp_path / "x.json",))


def test_a_bundle_is_not_written_over_what_it_is_made_of(kept: Kept, tmp_path: Path) -> None:
    keys, content = release_keys.pair(tmp_path), kept.winner.read_bytes()
    for destination, signer in (
        (kept.winner, Signer()),
        (keys.private, Signer(key=keys.private)),
    ):
        request = Request((str(kept.winner),), destination, kept.folder, signer=signer)
        with pytest.raises(UsageError, match="which it is made of"):
            bundle(request)
    assert kept.winner.read_bytes() == content
    assert b"PRIVATE KEY" in keys.private.read_bytes()


LIGHT = """
import sys
from edgehone.cli.app import main
assert main(["verify", sys.argv[1]]) == 0
print(sorted({"tensorflow", "keras", "model_signing", "onnxruntime"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_a_bundle_is_verified_without_what_made_it(kept: Kept, tmp_path: Path) -> None:
    of(kept, tmp_path / "r.zip")
    words = [sys.executable, "-c", LIGHT, str(tmp_path / "r.zip")]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
