"""What is in a .keras file is bounded before Keras sees it."""

import json
import zipfile
from pathlib import Path

import pytest
from tests import archive_files
from tests.troubles import described, keras_zip, layer

from edgehone.errors import ModelError
from edgehone.graph import keras_archive, saved
from edgehone.graph.legacy import origin
from edgehone.graph.old_files import readable
from edgehone.system.bounds import DESCRIPTION_BYTES
from edgehone.system.memory import free_memory

DESCRIBED = described(layer("Dense", units=3))


def test_everything_in_an_archive_is_read(tmp_path: Path) -> None:
    path = keras_zip(tmp_path / "a.keras", DESCRIBED, "2.15.0")
    assert keras_archive.described(path) == DESCRIBED
    assert keras_archive.metadata(path) == {"keras_version": "2.15.0"}
    assert {*keras_archive.members(path)} == {"config.json", "metadata.json", "model.weights.h5"}
    assert origin.version(path, DESCRIBED) == "2.15.0"


@pytest.mark.parametrize("content", ["[]", "5", "{", "\ufeff", '{"a": ' + "[" * 1000])
def test_metadata_is_a_table(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", content)
        archive.writestr("config.json", json.dumps(DESCRIBED))
    with pytest.raises(ModelError):
        saved.read_config(path)


def test_weights_larger_than_memory_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = keras_zip(tmp_path / "a.keras", DESCRIBED)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/a", bytes(1000))
        archive.filelist[-1].file_size = free_memory()  # as if a thousand to one
    with pytest.raises(ModelError, match="of free memory"):
        saved.read_config(path)
    with pytest.raises(ModelError, match="of free memory"), readable(path, DESCRIBED):
        pass


def test_a_description_that_lies_about_its_size_is_read_no_further(tmp_path: Path) -> None:
    path = archive_files.with_member(tmp_path / "a.keras", "config.json", bytes(64 * 2**20))
    archive_files.said_size(path, 100)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(ModelError, match="damaged"):
        saved.read_config(path)


def test_the_largest_description_is_read(tmp_path: Path) -> None:
    path, room = tmp_path / "a.keras", DESCRIPTION_BYTES - 100
    keras_zip(path, {"class_name": "Functional", "config": {"name": "x" * room}})
    assert len(keras_archive.described(path)["config"]["name"]) == room
