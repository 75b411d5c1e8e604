"""Files of old and foreign versions of Keras, which today's Keras reads as they are or mended."""

import json
import subprocess
import sys
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest
from tests import stranger_models
from tests.troubles import described, h5, keras_zip, layer

from edgehone.errors import ModelError
from edgehone.graph import saved
from edgehone.graph.consent import require_consent
from edgehone.graph.legacy import folder
from edgehone.graph.old_files import readable, renewed_description


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("strangers")
    subprocess.run([sys.executable, stranger_models.__file__, str(made)], check=True)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", ["list.h5", "windows.keras", "inside"])
def test_files_of_strangers_are_loaded(strangers: Path, name: str) -> None:
    from edgehone.graph.loading import load

    kept = np.load(strangers / f"{Path(name).stem}.npz")
    before = {path: path.read_bytes() for path in strangers.rglob("*") if path.is_file()}
    model = load(str(strangers / name))
    assert np.ptp(kept["y"], axis=0).min() > 1e-3
    found = np.asarray(model(kept["x"], training=False))
    np.testing.assert_allclose(found, kept["y"], rtol=1e-4, atol=1e-5)
    assert before == {path: path.read_bytes() for path in strangers.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_text_in_a_file_of_keras_2_is_refused_with_the_layer_that_reads_it(strangers: Path) -> None:
    from edgehone.graph.loading import load

    with pytest.raises(ModelError, match=r"takes text .* no such layer as 'words'") as caught:
        load(str(strangers / "text"))
    assert "Cut the model behind 'words'" in caught.value.hint


def test_a_list_of_layers_is_a_sequential() -> None:
    inner = {"class_name": "Sequential", "config": [layer("GRU", units=2)], "name": "inner"}
    found = renewed_description({"class_name": "Sequential", "config": [inner, layer("Dense")]})
    first, second = found["config"]["layers"]
    assert second == layer("Dense")
    assert first["config"]["name"] == "inner"
    assert first["config"]["layers"] == [layer("GRU", units=2, reset_after=False)]
    kept = described(layer("GRU", reset_after=True))
    assert renewed_description(kept) == kept


def test_lambdas_in_a_list_are_refused_as_all_are(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": [layer("Lambda")]}
    path = h5(tmp_path / "net.h5", config, "2.1.6")
    with pytest.raises(ModelError, match=r"'odd' \(Lambda\)"):
        require_consent(saved.read_config(path), path, trust=False)


def test_old_depthwise_convolutions_lose_their_groups_for_keras_3_alone(tmp_path: Path) -> None:
    config = described({"class_name": "DepthwiseConv2D", "config": {"name": "dw", "groups": 1}})
    path = h5(tmp_path / "old.h5", config)
    before = path.read_bytes()
    with readable(path, saved.read_config(path)) as copy:
        assert copy != path
        assert saved.read_config(copy)["config"]["layers"][0]["config"] == {"name": "dw"}
    assert not copy.exists()
    assert path.read_bytes() == before
    with readable(path, config, keras_3=False) as same:
        assert same == path


def test_files_that_need_nothing_are_left_alone(tmp_path: Path) -> None:
    for path in (keras_zip(tmp_path / "a.keras", described()), h5(tmp_path / "a.h5", described())):
        with readable(path, saved.read_config(path)) as same:
            assert same == path


def test_weights_below_names_with_backslashes_are_put_where_the_paths_lead(tmp_path: Path) -> None:
    import zipfile

    weights = tmp_path / "model.weights.h5"
    with h5py.File(weights, "w") as file:
        for place in ("a\\b\\c/vars/0", "a\\b/vars/0", "a/vars/0", "plain/vars/0"):
            file[place] = np.full(2, len(place))
    path = keras_zip(tmp_path / "net.keras", described(), "2.15.0")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(described()))
        archive.write(weights, weights.name)
    with (
        readable(path, described()) as copy,
        zipfile.ZipFile(copy) as archive,
        archive.open(weights.name) as stream,
        h5py.File(stream, "r") as file,
    ):
        names: list[str] = []
        file.visit(names.append)
        arrays = {name: int(file[name][0]) for name in names if name.endswith("0")}
    assert arrays == {
        "a/b/c/vars/0": 12,
        "a/b/vars/0": 10,
        "a/vars/0": 8,
        "plain/vars/0": 12,
    }


def test_a_description_inside_the_graphs_file_is_found_and_a_cut_one_is_damaged(
    tmp_path: Path,
) -> None:
    def field(number: int, content: bytes) -> bytes:
        size, length = len(content), b""
        while size > 127:
            size, length = size >> 7, length + bytes([size & 127 | 128])
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    def graph(identifier: bytes, metadata: object) -> bytes:
        about = field(1, identifier) + field(3, json.dumps(metadata).encode())
        objects = field(1, field(4, about)) + field(1, field(4, field(1, b"_tf_keras_layer")))
        return field(2, field(2, b"operations") + field(7, objects))

    root = described(layer("Dense", note="x" * 300))
    path = tmp_path / "saved_model.pb"
    for metadata in (root, {"class_name": "Model", "config": {}, "model_config": root}):
        path.write_bytes(graph(b"_tf_keras_network", metadata))
        assert folder.read_config(tmp_path)["config"] == root["config"]
    path.write_bytes(graph(b"_tf_keras_network", root)[:200])
    with pytest.raises(ModelError, match="damaged or cut short"):
        folder.read_config(tmp_path)
    path.write_bytes(graph(b"_generic_user_object", {}))
    with pytest.raises(ModelError, match="bare TensorFlow graph"):
        folder.read_config(tmp_path)
