"""`model.json` says what an app must know, derived from the file, the data and the options."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import app_kits
from tests.app_kits import made

from edgehone import documents
from edgehone.actions.app.kits import About, Kits
from edgehone.errors import DataError, ModelError, UsageError
from edgehone.export.apps._answers import proves_scaling
from edgehone.export.apps._golden import SAMPLES


def model_of(kits: Kits) -> dict[str, Any]:
    found = kits["kits"][0]
    jsonschema.Draft202012Validator(documents.schema("app")).validate(
        json.loads(json.dumps(documents.versioned(kits.document)))
    )
    on_disk = json.loads((Path(found["folder"]) / "model.json").read_text(encoding="utf-8"))
    assert on_disk == found["model"]
    jsonschema.Draft202012Validator(documents.schema("app_model")).validate(on_disk)
    return dict(on_disk)


def test_pixels_are_known_by_the_shape_and_scaled_as_the_option_says(tmp_path: Path) -> None:
    about = About(labels=app_kits.labels(tmp_path), licence="CC0-1.0", name="Flowers")
    model = model_of(made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about))
    (given,) = model["inputs"]
    assert (given["kind"], given["layout"], given["colour_order"]) == ("image", "NHWC", "RGB")
    assert (given["raw_dtype"], given["raw_range"], given["value_range"]) == (
        "uint8",
        [0, 255],
        [0, 1],
    )
    assert (given["mean"], given["deviation"], given["scaling_known"]) == ([0], [255], True)
    assert model["classes"] == list(app_kits.AWKWARD)
    assert (model["name"], model["licence"], model["run"]) == ("Flowers", "CC0-1.0", None)
    assert model["outputs"][0]["meaning"] == "logits"
    assert model["model"]["file"] == "model.tflite"


def test_quantized_borders_carry_scale_and_zero_point(tmp_path: Path) -> None:
    file = app_kits.image_net(tmp_path, integers=True)
    model = model_of(made(file, tmp_path / "k", "linux"))
    for port in (*model["inputs"], *model["outputs"]):
        assert port["dtype"] == "int8"
        assert port["scale"] > 0
        assert -128 <= port["zero_point"] <= 127
    assert model["outputs"][0]["tolerance"] >= 2 * model["outputs"][0]["scale"]


def test_mean_and_deviation_go_after_the_scale_channel_by_channel(tmp_path: Path) -> None:
    about = About(mean=(0.5, 0.4, 0.3), deviation=(0.2, 0.25, 0.5))
    model = model_of(made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about))
    (given,) = model["inputs"]
    pixel = np.array([10.0, 100.0, 200.0])
    expected = (pixel / 255 - about.mean) / about.deviation
    found = (pixel - given["mean"]) / given["deviation"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    low, high = given["value_range"]
    assert low == pytest.approx(-2.5)
    assert high == pytest.approx(2.5)


def test_channels_that_come_first_are_seen(tmp_path: Path) -> None:
    model = model_of(made(app_kits.channels_first(tmp_path), tmp_path / "k", "linux"))
    assert (model["inputs"][0]["layout"], model["inputs"][0]["colour_order"]) == ("NCHW", "RGB")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "outputs", "meaning"),
    [("SOFTMAX", 3, "probabilities"), ("LOGISTIC", 1, "scores"), ("LOGISTIC", 4, "scores")],
)
def test_what_an_output_means_is_seen_by_what_makes_it(
    tmp_path: Path, kind: str, outputs: int, meaning: str
) -> None:
    kits = made(app_kits.ended(tmp_path, kind, outputs), tmp_path / "k", "linux")
    model = model_of(kits)
    assert model["outputs"][0]["meaning"] == meaning
    assert model["inputs"][0]["colour_order"] == "grey"
    labels = (tmp_path / "k/linux/labels.txt").read_text().split()
    assert labels == [str(number) for number in range(max(outputs, 2))]


def test_numbers_without_a_word_on_scaling_are_given_as_they_are_with_a_warning(
    tmp_path: Path,
) -> None:
    kits = made(app_kits.numbers_net(tmp_path), tmp_path / "k", "linux", scale=None)
    model = model_of(kits)
    assert model["inputs"][0]["kind"] == "numbers"
    assert model["inputs"][0]["scaling_known"] is False
    assert any("Nothing says how values" in text for text in kits["warnings"])


def test_pixels_without_a_word_on_scaling_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Nothing says how pixels") as caught:
        made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", scale=None)
    assert "scale = 1/255" in caught.value.hint
    assert not (tmp_path / "k").exists()


@pytest.mark.slow
def test_small_numbers_in_the_data_are_no_pixels(tmp_path: Path) -> None:
    x = np.random.default_rng(1).integers(0, 17, (20, 6, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x)
    file, data = app_kits.image_net(tmp_path), str(tmp_path / "data.npz")
    model = model_of(made(file, tmp_path / "k", "linux", data=data, scale="1/16"))
    assert (model["inputs"][0]["kind"], model["inputs"][0]["raw_range"]) == ("numbers", [0, 16])
    forced = made(file, tmp_path / "i", "linux", data=data, about=About(kind="image"))
    assert model_of(forced)["inputs"][0]["kind"] == "image"


def test_samples_of_the_data_are_the_golden_ones(tmp_path: Path) -> None:
    x = np.random.default_rng(1).integers(0, 256, (20, 6, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x, class_names=list("abcde"))
    data = str(tmp_path / "data.npz")
    kits = made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", data=data)
    about = json.loads((tmp_path / "k/linux/golden.json").read_text())
    content = (tmp_path / "k/linux/golden.bin").read_bytes()
    assert about["samples"] == SAMPLES
    assert len(content) == SAMPLES * about["bytes_per_sample"]
    known = {sample.tobytes() for sample in x}
    for sample in range(SAMPLES):
        place = sample * about["bytes_per_sample"]
        assert content[place : place + 108] in known
    assert model_of(kits)["classes"] == list("abcde")


def test_golden_samples_would_show_a_forgotten_normalization(tmp_path: Path) -> None:
    from edgehone.actions.app.kits import Request, kit_of
    from edgehone.actions.app.sources import of_file
    from edgehone.actions.settings import Setting

    file = app_kits.image_net(tmp_path)
    setting = Setting.read(Path("edgehone.toml"), ("1/255", None))
    source = of_file(Request(("linux",), tmp_path, file), setting)
    kit = kit_of(next(iter(source.artifacts.values())), source, 0)
    assert proves_scaling(kit.artifact, kit.app, kit.golden)
    assert kit.golden.values > 4 * kit.app.outputs[0].tolerance


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb\n", "2 class names"),
        ("a\n\nb\nc\nd\n", "empty one"),
        ("", "0 lines"),
        ("a\nb\x1b[1m\nc\nd\ne\n", r"class 1 has the character U\+001B"),
        ("a\nb\u2028b\nc\nd\ne\n", r"class 1 has the character U\+2028"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "names.txt").write_text(text)
    about = About(labels=tmp_path / "names.txt")
    with pytest.raises(DataError, match=message):
        made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about)
    assert not (tmp_path / "k").exists()


def test_labels_are_in_their_file_as_they_are(tmp_path: Path) -> None:
    about = About(labels=app_kits.labels(tmp_path))
    made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about)
    text = (tmp_path / "k/linux/labels.txt").read_text(encoding="utf-8")
    assert text == "".join(f"{each}\n" for each in app_kits.AWKWARD)


def test_names_that_several_classes_have_are_told(tmp_path: Path) -> None:
    about = About(names=("a", "crane", "c", "crane", "e"))
    found = made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about)
    assert any("2 classes of net.tflite are called 'crane'" in each for each in found["warnings"])


def test_inputs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="several inputs called 'x'"):
        made(app_kits.alike_named(tmp_path), tmp_path / "k", "linux", scale=None)


def test_a_file_whose_first_signature_runs_another_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"first signature of two.tflite is of graph 1"):
        made(app_kits.entering_elsewhere(tmp_path), tmp_path / "k", "linux", scale=None)
    assert not (tmp_path / "k").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("about", "message"),
    [
        (About(mean=(1.0, 2.0)), "--mean has 2 numbers"),
        (About(deviation=(0.0,)), "--std is 0"),
        (About(kind="identifiers"), "--input identifiers does not fit"),
        (About(kind="picture"), "Unknown kind of input 'picture'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, about: About, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(app_kits.image_net(tmp_path), tmp_path / "k", "linux", about=about)


def test_numbers_are_no_pixels_even_if_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs rows, columns"):
        made(app_kits.numbers_net(tmp_path), tmp_path / "k", "linux", about=About(kind="image"))
