"""What repacking leaves out of files, what it keeps, and that nothing is computed otherwise."""

import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import tflite_files
from tests.fuzz.mutating import bytes_of
from tests.fuzz.readers import SEEDS

from edgehone import precisions
from edgehone.errors import EdgehoneError, ModelError
from edgehone.formats import _flatbuffer, _layer_names
from edgehone.formats._tflite.appended import AppendedFile, appended, with_appended
from edgehone.formats._tflite.pack import packed
from edgehone.formats._tflite.repack import repacked, same_meaning
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def quantized(folder: Path, precision: str = "int8") -> bytes:
    file = folder / f"{precision}.tflite"
    plan = PrecisionPlan(precision)
    TFLite().quantize(tflite_files.float_file(folder), plan, tflite_files.calibration(), file)
    return file.read_bytes()


def tensors(content: bytes) -> list[Any]:
    found: list[Any] = _flatbuffer.tables(content, "the file").subgraphs[0].tensors
    return found


def runs(content: bytes, folder: Path, count: int = 20) -> list[list[Any]]:
    file = folder / "run.tflite"
    file.write_bytes(content)
    (port,) = TFLite().audit(file)["inputs"]
    random = np.random.default_rng(3)
    if port["dtype"] == "float32":
        return [[random.normal(size=port["shape"]).astype(np.float32)] for _ in range(count)]
    limits = np.iinfo(port["dtype"])
    values = random.integers(limits.min, limits.max + 1, (count, *port["shape"]))
    return [[each.astype(port["dtype"])] for each in values]


@pytest.mark.parametrize("precision", precisions.names())
def test_repacked_files_are_smaller_and_compute_the_same_bits(
    tmp_path: Path, precision: str
) -> None:
    content = quantized(tmp_path, precision)
    smaller = TFLite().repack(content)
    assert len(smaller) < len(content)
    assert same_meaning(content, smaller)
    given = runs(content, tmp_path)
    before, after = (TFLite().computed(each, given) for each in (content, smaller))
    assert set(before) == {"XNNPACK", "plain kernels"}
    assert after == before
    one = TFLite().computed(content, given[:1])
    assert one != before, "the outputs do not depend on the inputs"


def test_repacked_files_keep_the_names_of_their_ends_and_lose_ranges_and_inner_names(
    tmp_path: Path,
) -> None:
    content = with_ranges(quantized(tmp_path))
    smaller = repacked(content)
    before, after = tensors(content), tensors(smaller)
    graph = _flatbuffer.tables(content, "the file").subgraphs[0]
    ends = {int(index) for index in (*graph.inputs, *graph.outputs)}
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        assert old.name
        assert new.name == (old.name if index in ends else None)
        assert new.quantization is None or new.quantization.min is None
    assert any(
        each.quantization is not None and each.quantization.min is not None for each in before
    )


def with_ranges(content: bytes) -> bytes:
    """The file with a recorded range for every tensor, as the converter writes it."""
    model = _flatbuffer.parse(content, "the file")
    for tensor in model.subgraphs[0].tensors:
        if tensor.quantization is not None:
            tensor.quantization.min, tensor.quantization.max = [-1.0], [1.0]
    return _flatbuffer.pack(model)


def test_repacking_twice_is_repacking_once(tmp_path: Path) -> None:
    once = repacked(quantized(tmp_path))
    assert repacked(once) == once


def test_data_of_buffers_are_aligned_as_the_schema_asks(tmp_path: Path) -> None:
    smaller = repacked(quantized(tmp_path))
    places = [
        smaller.find(each.data.tobytes())
        for each in _flatbuffer.tables(smaller, "the file").buffers
        if each.data is not None and len(each.data) > 16
    ]
    assert len(places) > 2
    assert all(place % 16 == 0 for place in places)


def test_equal_constants_share_a_buffer(tmp_path: Path) -> None:
    content = tflite_files.float_content()
    model = _flatbuffer.parse(content, "the file")
    kernels = [t for t in model.subgraphs[0].tensors if _flatbuffer.is_constant(model, t)]
    twin = next(each for each in kernels if len(each.shape) == 1)
    other = next(each for each in kernels if each is not twin and list(each.shape) == [4])
    model.buffers[other.buffer].data = model.buffers[twin.buffer].data
    content = _flatbuffer.pack(model)
    smaller = repacked(content)
    places = [each.buffer for each in tensors(smaller)]
    data = [_flatbuffer.tables(smaller, "").buffers[place].data for place in set(places)]
    held = [each.tobytes() for each in data if each is not None]
    assert len(held) == len(set(held)) == len(kernels) - 1
    assert same_meaning(content, smaller)


@pytest.mark.parametrize("harm", ["scale", "weights", "shape", "output"])
def test_files_of_another_meaning_are_told_apart(tmp_path: Path, harm: str) -> None:
    content = quantized(tmp_path)
    model = _flatbuffer.parse(repacked(content), "the file")
    graph = model.subgraphs[0]
    constant = next(t for t in graph.tensors if _flatbuffer.is_constant(model, t))
    if harm == "scale":
        scales = graph.tensors[int(graph.inputs[0])].quantization
        scales.scale = np.asarray(scales.scale, np.float32) * 2
    elif harm == "weights":
        data = np.array(model.buffers[constant.buffer].data)
        data[0] ^= 1
        model.buffers[constant.buffer].data = data
    elif harm == "shape":
        constant.shape[0] += 1
    else:
        graph.tensors[int(graph.outputs[0])].name = b"another"
    assert not same_meaning(content, _flatbuffer.pack(model))


def test_metadata_stay_and_so_do_files_that_are_appended(tmp_path: Path) -> None:
    model = _flatbuffer.parse(quantized(tmp_path), "the file")
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"about", len(model.buffers)
    note = schema.BufferT()
    note.data = np.frombuffer(b"what it is", np.uint8)
    model.metadata = [*(model.metadata or ()), entry]
    model.buffers = [*model.buffers, note]
    labels = AppendedFile("labels.txt", b"cat\ndog\n")
    content = with_appended(_flatbuffer.pack(model), [labels])
    smaller = repacked(content)
    found = _flatbuffer.tables(appended(smaller)[0], "the file")
    (kept,) = [each for each in found.metadata if each.name == b"about"]
    assert found.buffers[kept.buffer].data.tobytes() == b"what it is"
    assert appended(smaller)[1] == (labels,)
    with zipfile.ZipFile(BytesIO(smaller)) as archive:
        assert archive.read("labels.txt") == labels.content
    assert same_meaning(content, smaller)
    assert not same_meaning(content, with_appended(appended(smaller)[0], []))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=80), st.lists(st.binary(max_size=20), max_size=3))
def test_appended_files_come_back(front: bytes, contents: list[bytes]) -> None:
    files = tuple(AppendedFile(f"{n}.txt", each) for n, each in enumerate(contents))
    if b"PK" not in front:
        assert appended(with_appended(front, files)) == (front, files)


def behind(content: bytes) -> bytes:
    """The file with the numbers of its buffers behind its tables, as large files have them."""
    model = _flatbuffer.tables(content, "the file")
    data = {n: each.data for n, each in enumerate(model.buffers) if each.data is not None}
    start, places = 1 << 16, dict[int, int]()
    for index, each in data.items():
        places[index], start = start, start + -(-len(each) // 16) * 16
        buffer = model.buffers[index]
        buffer.data, buffer.offset, buffer.size = None, places[index], len(each)
    tables = _flatbuffer.pack(model)
    whole = bytearray(tables.ljust(start, b"\0"))
    for index, each in data.items():
        whole[places[index] : places[index] + len(each)] = each.tobytes()
    return bytes(whole)


def test_numbers_behind_the_tables_are_brought_into_them(tmp_path: Path) -> None:
    content = quantized(tmp_path)
    far = behind(content)
    given = runs(content, tmp_path)
    assert TFLite().computed(far, given) == TFLite().computed(content, given)
    smaller = repacked(far)
    assert smaller == repacked(content)
    assert same_meaning(far, smaller)
    with pytest.raises(ModelError, match="its tables cannot be read"):
        repacked(far[:-40])


def test_layers_of_a_repacked_file_are_named_after_their_operators(tmp_path: Path) -> None:
    content = quantized(tmp_path)
    file = tmp_path / "small.tflite"
    file.write_bytes(repacked(content))
    names = [each["name"] for each in TFLite().audit(file)["layers"]]
    assert names[0] == "CONV_2D_0"
    assert names[1] == "DEPTHWISE_CONV_2D_1"
    assert names[-1] == "last"  # the output's own
    assert len(set(names)) == len(names)


def test_a_repacked_float_file_is_quantized_like_the_original(tmp_path: Path) -> None:
    source = tflite_files.float_file(tmp_path)
    small = tmp_path / "small.tflite"
    small.write_bytes(repacked(source.read_bytes()))
    contents = []
    for number, each in enumerate((source, small)):
        file = tmp_path / f"{number}.tflite"
        TFLite().quantize(each, PrecisionPlan("int8"), tflite_files.calibration(), file)
        contents.append(repacked(file.read_bytes()))
    assert same_meaning(*contents)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_damaged_files_are_refused_in_our_words(number: int) -> None:
    seed = SEEDS / ("net.tflite", "int8.tflite", "about.tflite")[number % 3]
    content, form = bytes_of(seed.read_bytes(), Random(number)), TFLite()
    for read in (form.repack, form.metadata, lambda x: form.with_borders(x, "uint8")):
        with suppress(EdgehoneError):
            read(content)
    with suppress(EdgehoneError):
        form.same_meaning(content, content)


def labels(content: bytes, folder: Path) -> list[str]:
    file = folder / "labelled.tflite"
    file.write_bytes(content)
    return [layer["name"] for layer in TFLite().audit(file)["layers"]]


@pytest.mark.parametrize("precision", ["float32", "int8", "dynamic8"])
def test_names_of_layers_are_kept_in_a_few_bytes_where_asked_for(
    tmp_path: Path, precision: str
) -> None:
    content = quantized(tmp_path, precision)
    bare, named = (TFLite().repack(content, layers=layers) for layers in (False, True))
    assert labels(named, tmp_path) == labels(content, tmp_path) != labels(bare, tmp_path)
    assert len(bare) < len(named) < len(bare) + 200
    assert [each.name for each in tensors(named)] == [each.name for each in tensors(bare)]
    assert same_meaning(content, named)
    assert TFLite().repack(named) == TFLite().repack(named, layers=True) == named
    given = runs(content, tmp_path)
    assert TFLite().computed(named, given) == TFLite().computed(bare, given)


def test_names_of_layers_stay_true_when_the_borders_change(tmp_path: Path) -> None:
    named = TFLite().repack(quantized(tmp_path), layers=True)
    bytes_in = TFLite().with_borders(named, "uint8")
    before, after = labels(named, tmp_path), labels(bytes_in, tmp_path)
    assert before == ["first", "middle", "last"]
    assert after == ["input/inner", "first", "middle", "last/inner", "last"]


@pytest.mark.parametrize("held", [b"", b"\xff" * 9, b"\x03\x00", b"noise"])
def test_an_entry_of_names_that_cannot_be_read_is_no_hindrance(tmp_path: Path, held: bytes) -> None:
    model = _flatbuffer.tables(TFLite().repack(quantized(tmp_path), layers=True), "the file")
    entry = next(each for each in model.metadata if each.name == _layer_names.NAME)
    model.buffers[entry.buffer].data = np.frombuffer(held, np.uint8)
    assert labels(packed(model), tmp_path)
