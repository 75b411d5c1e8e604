"""What files say of themselves: written, read back, checked, and kept when a file is repacked."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import tflite_files
from tests.unit.test_formats_repack_onnx import chain

from edgehone import formats
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.errors import ConversionError, ModelError
from edgehone.formats import _flatbuffer, _flattables
from edgehone.formats._metadata import About, InputAbout, OutputAbout
from edgehone.formats._tflite.appended import appended
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite

LABELS = ("Katze", "Żółw", "", "a b", "zebra")
ABOUT = About(
    "Animals",
    "Which animal a picture shows",
    "3",
    "Ann",
    "Apache-2.0",
    (
        InputAbout(
            "picture",
            "What the camera saw",
            "image",
            mean=(127.5,),
            deviation=(127.5,),
            colors="RGB",
            low=(0.0,),
            high=(255.0,),
        ),
    ),
    (OutputAbout("animal", "A probability for each", LABELS),),
)


def test_a_tflite_says_what_was_written_into_it_and_computes_what_it_did(tmp_path: Path) -> None:
    content = tflite_files.float_content()
    text = TFLite().with_metadata(content, ABOUT)
    assert TFLite().metadata(content) is None
    assert TFLite().metadata(text) == ABOUT
    assert TFLite().with_metadata(content, ABOUT) == text
    (labels,) = appended(text)[1]
    assert (labels.name, labels.content.decode()) == ("labels.txt", "Katze\nŻółw\n\na b\nzebra\n")
    runs = [[tflite_files.samples(1)], [tflite_files.samples(2)[1:]]]
    assert TFLite().computed(text, runs) == TFLite().computed(content, runs)
    smaller = TFLite().repack(text)
    assert TFLite().metadata(smaller) == ABOUT
    assert TFLite().same_meaning(text, smaller)


def test_later_metadata_take_the_place_of_earlier_ones() -> None:
    first = TFLite().with_metadata(tflite_files.float_content(), ABOUT)
    other = replace(ABOUT, name="Other", outputs=(OutputAbout("class"),))
    second = TFLite().with_metadata(first, other)
    assert TFLite().metadata(second) == other
    assert appended(second)[1] == ()
    entries = _flatbuffer.tables(second, "the file").metadata
    assert [each.name for each in entries] == [b"TFLITE_METADATA"]


@pytest.mark.parametrize("kind", ["audio", "features"])
def test_every_kind_of_input_comes_back(kind: str) -> None:
    source = InputAbout("x", content="features", mean=(1.0, 2.0, 3.0), deviation=(0.5, 1.0, 2.0))
    if kind == "audio":
        source = InputAbout("x", content="audio", sample_rate=16000, channels=1)
    about = About(inputs=(source,))
    found = TFLite().metadata(TFLite().with_metadata(tflite_files.float_content(), about))
    assert found == about


def test_an_onnx_keeps_metadata_of_other_names() -> None:
    content = chain().SerializeToString()
    about = replace(ABOUT, outputs=(OutputAbout("y", labels=("one",)),))
    text = Onnx().with_metadata(content, about)
    assert Onnx().metadata(content) is None  # "labels" is a word of somebody else's
    assert Onnx().metadata(text) == about
    assert Onnx().metadata(Onnx().repack(text)) == about
    import onnx

    held = {each.key: each.value for each in onnx.load_from_string(text).metadata_props}
    assert held["labels"] == "cat,dog"
    assert held["license"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (About(outputs=(OutputAbout(labels=("a", "b")),)), "5 values, and there are 2 labels"),
        (About(inputs=(InputAbout(), InputAbout())), "describe 2 inputs, and the file has 1"),
        (About(outputs=(OutputAbout(),) * 2), "describe 2 outputs, and the file has 1"),
        (About(outputs=(OutputAbout(labels=(*"abcd", "e\nf")),)), "label with a line break"),
        (About(inputs=(InputAbout(mean=(1.0, 2.0), deviation=(1.0, 1.0)),)), "2 means"),
        (About(inputs=(InputAbout(mean=(1.0,)),)), "1 means and 0 deviations"),
        (About(inputs=(InputAbout(mean=(1.0,), deviation=(0.0,)),)), "a deviation of 0"),
        (About(inputs=(InputAbout(colors="BGR"),)), "colors 'BGR'"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(about: About, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        TFLite().with_metadata(tflite_files.float_content(), about)


def test_the_audit_says_what_a_file_says_of_itself(tmp_path: Path) -> None:
    file = tmp_path / "net.tflite"
    file.write_bytes(TFLite().with_metadata(tflite_files.float_content(), ABOUT))
    found = formats.audit(file)["metadata"]
    assert found["license"] == "Apache-2.0"
    assert found["outputs"][0]["labels"] == LABELS
    file.write_bytes(tflite_files.float_content())
    assert formats.audit(file)["metadata"] is None


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255), st.integers(0, 10**6))
def test_damaged_metadata_are_an_error_of_ours(place: int, value: int, cut: int) -> None:
    written = bytearray(_written())
    written[place % len(written)] = value
    damaged = bytes(written[: len(written) - cut % 8])
    with suppress(ModelError):
        TFLite().metadata(_holding(damaged))


def test_tables_that_refer_to_one_another_without_end_are_not_followed() -> None:
    schema = {"a": [_flattables.Field("several", "a", several=True)]}
    values: dict[str, list[object]] = {"several": []}
    for _ in range(4):
        values = {"several": [values] * 12}
    content = _flattables.write(schema, "a", values, b"TEST")
    with pytest.raises(ValueError, match="more than"):
        _flattables.read(schema, "a", content)


def _written() -> bytes:
    content = TFLite().with_metadata(tflite_files.float_content(), ABOUT)
    model = _flatbuffer.tables(content, "the file")
    return bytes(model.buffers[model.metadata[0].buffer].data.tobytes())


def _holding(metadata: bytes) -> bytes:
    content = TFLite().with_metadata(tflite_files.float_content(), ABOUT)
    model = _flatbuffer.parse(content, "the file")
    model.buffers[model.metadata[0].buffer].data = np.frombuffer(metadata, np.uint8)
    return _flatbuffer.pack(model)


@pytest.mark.slow
def test_inspect_shows_what_a_file_says_of_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.tflite"
    file.write_bytes(TFLite().with_metadata(tflite_files.float_content(), ABOUT))
    assert main(["inspect", str(file)]) == 0
    text = capsys.readouterr().out
    assert "Says of itself: Animals, 3, Ann, Apache-2.0, Which animal a picture shows" in text
    assert "takes picture: image RGB, (x - 127.5) / 127.5" in text
    assert "gives animal: 5 labels (Katze, Żółw" in text
    assert main(["inspect", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("inspect"))
    assert found["metadata"]["outputs"][0]["labels"] == list(LABELS)


def test_metadata_that_cannot_be_read_are_told_and_keep_nobody_from_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "net.tflite"
    file.write_bytes(_holding(b"\xff" * 40))
    found = formats.audit(file)
    assert found["metadata"] is None
    assert "metadata cannot be read" in found["metadata_fault"]
    assert main(["inspect", str(file)]) == 0
    assert "metadata cannot be read" in capsys.readouterr().out
    model = chain()
    model.metadata_props.add(key="inputs", value="x and y")
    other = tmp_path / "net.onnx"
    other.write_bytes(model.SerializeToString())
    assert "inputs is not a list" in formats.audit(other)["metadata_fault"]
    assert formats.audit(other)["operators"]["Mul"] == 3
