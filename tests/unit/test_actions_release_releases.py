"""A verified bundle is kept under a name, and found again with its files and measurements."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import bundle_files, kept_run, release_keys, tiny_models
from tests.kept_run import Kept
from tests.release_keys import Pair

from edgehone.actions.release.bundle import Request as BundleRequest
from edgehone.actions.release.bundle import bundle
from edgehone.actions.release.releases import Request, last_release, rows, tag, unpacked
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.errors import StorageError, UsageError, VerificationError
from edgehone.release.signatures import Trust
from edgehone.release.signing import Signer
from edgehone.store import Store
from edgehone.store.database import LAYOUT


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return kept_run.kept_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def made(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "r.zip"
    bundle(BundleRequest((kept.run,), path, kept.folder))
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A bundle of the test's own, which may damage or delete it."""
    return Path(shutil.copy(made, tmp_path / "r.zip"))


def other(folder: Path) -> Path:
    """A bundle of another file."""
    bundle(BundleRequest((str(tiny_models.dense(folder)),), folder / "o.zip", folder / "none"))
    return folder / "o.zip"


def test_a_release_is_found_again_with_its_files_and_what_was_measured(
    path: Path, kept: Kept, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    tagged = tag(Request(path, "v1.2", store))
    jsonschema.validate(tagged.document, schema("release"))
    path.unlink()
    found = last_release(store)
    assert (found.name, found.sha256, found.signed_by) == ("v1.2", tagged.record.bundle, "")
    (artifact,) = found.artifacts
    assert artifact.path.read_bytes() == kept.winner.read_bytes()
    assert artifact.path.suffix == ".tflite"
    assert [each.artifact for each in found.measurements] == [artifact]
    assert found.measurements[0].latency is not None
    assert found.contract is None
    assert found.like("tflite") == artifact
    with pytest.raises(UsageError, match="has no onnx file to compare with; it has tflite"):
        found.like("onnx")


@pytest.mark.slow
def test_the_newest_release_is_the_baseline_unless_another_is_named(
    path: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    tag(Request(path, "v1.0", store))
    tag(Request(other(tmp_path), "v1.1", store))
    assert [each["name"] for each in rows(store)] == ["v1.1", "v1.0"]
    assert (last_release(store).name, last_release(store, "latest").name) == ("v1.1", "v1.1")
    assert last_release(store, "v1.0").name == "v1.0"
    with pytest.raises(UsageError, match=r"Unknown release 'v1\.2'") as caught:
        last_release(store, "v1.2")
    assert "Did you mean 'v1." in caught.value.hint


@pytest.mark.slow
def test_a_name_is_that_of_one_bundle_for_good(path: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = tag(Request(path, "v1", store))
    assert tag(Request(path, "v1", store)).record == first.record
    with pytest.raises(UsageError, match="already there, with another bundle"):
        tag(Request(other(tmp_path), "v1", store))
    assert last_release(store).sha256 == first.record.bundle


@pytest.mark.parametrize("name", ["", "latest", "-v", "a b", "a/b", "v" * 65, "é"])
def test_names_that_releases_cannot_have_are_refused(name: str, path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        tag(Request(path, name, tmp_path / "store"))
    assert not (tmp_path / "store").exists()


def test_a_bundle_that_does_not_verify_is_not_tagged(path: Path, tmp_path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(VerificationError):
        tag(Request(path, "v1", tmp_path / "store"))
    assert not (tmp_path / "store").exists()


@pytest.fixture
def keys(tmp_path: Path) -> Pair:
    return release_keys.pair(tmp_path)


@pytest.mark.slow
def test_a_signed_bundle_is_tagged_by_those_who_say_whom_they_trust(
    kept: Kept, keys: Pair, tmp_path: Path
) -> None:
    path, store = tmp_path / "r.zip", tmp_path / "store"
    signer = Signer(key=keys.private)
    bundle(BundleRequest((kept.run,), path, kept.folder, signer=signer))
    with pytest.raises(VerificationError, match="nothing says whose signature to trust"):
        tag(Request(path, "v1", store))
    wrong = release_keys.pair(tmp_path, "wrong")
    with pytest.raises(VerificationError, match="does not verify with"):
        tag(Request(path, "v1", store, Trust(key=wrong.public)))
    assert not store.exists()
    tag(Request(path, "v1", store, Trust(key=keys.public)))
    assert last_release(store).signed_by.startswith("key ")


def test_an_unsigned_bundle_is_not_tagged_where_a_key_is_given(
    path: Path, keys: Pair, tmp_path: Path
) -> None:
    with pytest.raises(VerificationError, match="is not signed"):
        tag(Request(path, "v1", tmp_path / "store", Trust(key=keys.public)))


def test_a_bundle_given_as_a_file_is_a_baseline_too(path: Path, kept: Kept, tmp_path: Path) -> None:
    found = unpacked(path, tmp_path / "into")
    (artifact,) = found.artifacts
    assert artifact.path.read_bytes() == kept.winner.read_bytes()
    assert artifact.path.is_relative_to(tmp_path / "into")
    assert (found.name, found.created) == ("", "")
    assert found.measurements[0].artifact == artifact


def test_a_bundle_without_evidence_is_no_baseline(tmp_path: Path) -> None:
    path = bundle_files.with_parts(tmp_path / "r.zip", {"evidence.json": b'{"schema": 1}'})
    with pytest.raises(VerificationError, match=r"evidence\.json in"):
        unpacked(path, tmp_path / "into")
    path = bundle_files.with_parts(tmp_path / "n.zip", {"evidence.json": b'{"schema": 99}'})
    with pytest.raises(VerificationError, match="version 99"):
        unpacked(path, tmp_path / "into")


def test_a_release_whose_files_were_damaged_is_told(path: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    tag(Request(path, "v1", store))
    (artifact,) = last_release(store).artifacts
    artifact.path.write_bytes(b"other")
    with pytest.raises(StorageError, match="is damaged"):
        last_release(store)


def as_version_1(folder: Path) -> None:
    """A store as edgehone 0.1 left it."""
    store = Store(folder)
    store.create_run({"model": {"teacher": "t.keras"}})
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection, connection:
        connection.execute("DROP TABLE releases")
        connection.execute("DROP TABLE costs")
        connection.execute("PRAGMA user_version=1")


def layout(folder: Path) -> Any:
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_an_older_store_is_read_as_it_is_and_brought_up_to_date_by_who_writes(
    path: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    as_version_1(store)
    assert rows(store) == []
    assert layout(store) == 1  # reading leaves no trace
    with pytest.raises(UsageError, match="no releases in"):
        last_release(store)
    before = Store(store, read_only=True).runs()
    tag(Request(path, "v1", store))
    assert layout(store) == LAYOUT
    assert Store(store).runs() == before
    assert last_release(store).name == "v1"


def test_the_commands_tell_what_the_functions_do(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--folder", str(tmp_path / "store")]

    def said(*words: str, code: int = 0) -> Any:
        assert main([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    found = said("verify", str(path))
    jsonschema.validate(found, schema("verify"))
    assert found["signature"]["state"] == "unsigned"
    jsonschema.validate(said("release", str(path), "--name", "v1", *where), schema("release"))
    listed = said("release", "--list", *where)
    jsonschema.validate(listed, schema("release"))
    assert [each["name"] for each in listed["releases"]] == ["v1"]
    assert (
        "--list takes no bundle"
        in said("release", "--list", "--name", "v1", code=2)["error"]["message"]
    )
    assert "name of the release" in said("release", str(path), code=2)["error"]["message"]
    path.write_bytes(path.read_bytes() + b"\0")
    assert "bytes follow its end" in said("verify", str(path), code=5)["error"]["message"]


@pytest.mark.slow
def test_people_read_what_was_verified(
    kept: Kept, keys: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "r.zip")
    words = ["bundle", kept.run, "-o", path, "--folder", str(kept.folder)]
    assert main([*words, "--key", str(keys.private)]) == 0
    assert "r.zip.sig" in capsys.readouterr().out
    assert main(["verify", path]) == 0
    assert "signed, not checked" in capsys.readouterr().out
    assert main(["verify", path, "--key", str(keys.public)]) == 0
    shown = capsys.readouterr().out
    assert "every byte verified" in shown
    assert "signed by key " in shown
    where = ["--folder", str(tmp_path / "store")]
    assert main(["release", path, "--name", "v1", "--key", str(keys.public), *where]) == 0
    assert main(["release", "--list", *where]) == 0
    assert "v1" in capsys.readouterr().out
