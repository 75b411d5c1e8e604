"""TFRecord files: checksums, descriptions, splits of a folder, and what is refused."""

import gzip
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.source_files import CLASSES, X, example, floats, record, texts

from edgehone.data import DataSettings, Feature, Reading, load, load_samples
from edgehone.data.sources.records import masked_crc32c, records
from edgehone.errors import DataError

ROW = example(x=floats(X[0]), label=texts(b"cat"))
DOG = example(x=floats(X[1]), label=texts(b"dog"))


def settings(**others: Any) -> DataSettings:
    usual = {"x": Feature("float32", (6,)), "label": Feature("string")}
    how: dict[str, Any] = {"target": ("label",), "described": usual, "classes": CLASSES, **others}
    return DataSettings(reading=Reading(**how))


def test_checksums_are_crc32c_for_any_lengths() -> None:
    crc = 0xE3069283  # of "123456789", RFC 3720
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc32c([b"123456789", b"", b"123456789"])[[0, 2]].tolist() == [masked] * 2
    assert record(b"")[12:] == masked_crc32c([b""]).tobytes()
    assert record(b"ab")[-4:] == masked_crc32c([b"a" * 40, b"ab"])[1:].tobytes()


def test_packed_files_and_splits_by_name(tmp_path: Path) -> None:
    for name, n in (("train-00000-of-00002", 5), ("train-00001-of-00002", 5), ("test", 4)):
        (tmp_path / f"{name}.tfrecord").write_bytes((record(ROW) + record(DOG)) * n)
    content = (tmp_path / "test.tfrecord").read_bytes()
    (tmp_path / "test.tfrecord").unlink()
    (tmp_path / "test.tfrecord.gz").write_bytes(gzip.compress(content))
    found = load(str(tmp_path), settings())
    assert (len(found.train), len(found.validation), len(found.test)) == (17, 3, 8)
    (tmp_path / "more.tfrecord").write_bytes(b"")
    with pytest.raises(DataError, match=r"more\.tfrecord is not called after a split"):
        load(str(tmp_path), settings())


def test_images_inside_records_are_resized_as_files_are(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), 90, np.uint8)).save(stream, "PNG")
    path = tmp_path / "data.tfrecord"
    how = settings(described={"image": Feature("image"), "label": Feature("string")})
    path.write_bytes(record(example(image=texts(stream.getvalue()), label=texts(b"cat"))))
    found = load_samples(str(path), replace(how, input_shape=(2, 3, 3))).x
    assert np.array_equal(found, np.full((1, 2, 3, 3), 90.0))
    path.write_bytes(record(example(image=texts(stream.getvalue()[:40]), label=texts(b"cat"))))
    with pytest.raises(DataError, match=r"Image 'image' of Record 1 of .* cannot be read"):
        load_samples(str(path), how)


def test_several_features_are_one_vector_and_raw_bytes_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "data.tfrecord"
    raw = np.arange(4, dtype=np.uint8)
    path.write_bytes(
        record(example(a=floats(X[0, :2]), b=texts(raw.tobytes()), label=texts(b"cat")))
    )
    described = {"a": Feature("float32", (2,)), "b": Feature("uint8", (2, 2))}
    how = settings(described={**described, "label": Feature("string")})
    assert np.asarray(load_samples(str(path), how).x).tolist() == [[*X[0, :2], 0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("described", "message", "hint"),
    [
        ({}, r"the first record has label \(bytes\), x \(float32\)", "features under [data]"),
        ({"x": Feature("float32", (5,))}, "'x' holds 6 of float32", "description"),
        ({"x": Feature("int64", (6,))}, "is described as int64", "description"),
        ({"z": Feature("float32", (6,))}, "has no 'z'", "every record"),
    ],
)
def test_descriptions_that_do_not_fit(
    tmp_path: Path, described: dict[str, Feature], message: str, hint: str
) -> None:
    path = tmp_path / "data.tfrecord"
    path.write_bytes(record(ROW))
    with pytest.raises(DataError, match=message) as caught:
        load_samples(
            str(path), settings(described=described and {**described, "label": Feature("string")})
        )
    assert hint in caught.value.hint


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    content = bytearray(record(ROW) * 3)
    content[len(content) // 2] ^= 1
    (tmp_path / "data.tfrecord").write_bytes(content)
    with pytest.raises(DataError, match=r"the checksum of a record is wrong|a length in it"):
        list(records(tmp_path / "data.tfrecord"))


@pytest.mark.slow
def test_files_are_those_of_tensorflow(tmp_path: Path) -> None:
    import tensorflow as tf

    path = str(tmp_path / "data.tfrecord")
    feature = {
        "x": tf.train.Feature(int64_list=tf.train.Int64List(value=[-3, 2**40])),
        "label": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"dog"])),
    }
    content = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    with tf.io.TFRecordWriter(path) as writer:
        for _ in range(3):
            writer.write(content)
    described = {"x": Feature("int64", (2,)), "label": Feature("string")}
    found = load_samples(path, settings(described=described)).x
    assert np.asarray(found).tolist() == [[-3.0, 2.0**40]] * 3
