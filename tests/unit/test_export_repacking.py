"""What the export stage does with files: smaller where proven equal, else as they were, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests import repack_troubles, tflite_files

from edgehone import formats, precisions
from edgehone.errors import ConversionError
from edgehone.export.artifacts import Reference, export
from edgehone.export.execution import outputs
from edgehone.export.proof_inputs import proof_inputs, stored_inputs
from edgehone.export.repacking import in_place, lean_size, repacked
from edgehone.formats import _flatbuffer
from edgehone.formats._base import LEAN, Array
from edgehone.formats.tflite import TFLite
from edgehone.values import Artifact, Plain, PrecisionPlan


class Harmful(TFLite):
    """Loses the sign of one weight while it repacks."""

    def repack(self, content: bytes, *, layers: bool = False) -> bytes:
        model = _flatbuffer.parse(super().repack(content), "the file")
        kernel = next(t for t in model.subgraphs[0].tensors if _flatbuffer.is_constant(model, t))
        data = np.array(model.buffers[kernel.buffer].data)
        data[3] ^= 0x80
        model.buffers[kernel.buffer].data = data
        return super().repack(_flatbuffer.pack(model))


class Unread(Harmful):
    """The same where reading the files tells nothing."""

    def same_meaning(self, content: bytes, other: bytes) -> bool:
        return True


class Slippery(TFLite):
    """Has a set of kernels that only the smaller file gives up."""

    def computed(self, content: bytes, runs: Sequence[Sequence[Array]]) -> Mapping[str, str]:
        found = super().computed(content, runs)
        return {"plain kernels": found["plain kernels"]} if b"middle" not in content else found


def exported(folder: Path, precision: str = "int8", form: TFLite | None = None) -> Artifact:
    source, x = tflite_files.float_file(folder), tflite_files.samples()
    reference = Reference(x, outputs(source, x), answer="labels")
    return export(
        source,
        form or TFLite(),
        PrecisionPlan(precision),
        tflite_files.calibration(),
        folder / "out.tflite",
        reference=reference,
    )


def about(artifact: Artifact) -> Plain:
    assert artifact.audit is not None
    found: Plain = artifact.audit["repacked"]
    return found


@pytest.mark.parametrize("precision", precisions.names())
def test_every_file_leaves_the_stage_repacked(tmp_path: Path, precision: str) -> None:
    made = exported(tmp_path, precision)
    content = made.path.read_bytes()
    assert TFLite().repack(content) == content
    assert made.size_bytes == len(content) < about(made)["before_bytes"]
    assert about(made)["reason"] == ""
    assert about(made)["kernels"] == ["XNNPACK", "plain kernels"]
    assert made.audit is not None
    assert {each["name"] for each in made.audit["layers"]} >= {"first", "middle", "last"}
    assert made.audit["float_size_bytes"] == lean_size(tmp_path / "float.tflite", TFLite())


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (Harmful(), "what it says cannot be kept"),
        (Unread(), "does not compute the same bits"),
        (Slippery(), "does not compute the same bits"),
    ],
)
def test_a_file_that_is_not_proven_equal_stays_as_it_was(
    tmp_path: Path, form: TFLite, reason: str
) -> None:
    made = exported(tmp_path, "int8", form)
    plain = tmp_path / "plain.tflite"
    TFLite().quantize(
        tmp_path / "float.tflite", PrecisionPlan("int8"), tflite_files.calibration(), plain
    )
    assert made.path.read_bytes() == plain.read_bytes()
    assert reason in about(made)["reason"]
    assert made.size_bytes == plain.stat().st_size


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (repack_troubles.drawn(), "something else each time"),
        (repack_troubles.custom(), "cannot be run here"),
        (repack_troubles.free_size(), "has no fixed shape"),
        (tflite_files.float_content(), ""),
    ],
)
def test_what_cannot_be_proven_keeps_its_content(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "net.tflite"
    file.write_bytes(content)
    found = repacked(content, TFLite(), formats.audit(file))
    assert reason in found.reason
    assert (found.content == content) == bool(reason)
    again = repacked(found.content, TFLite(), formats.audit(file))
    assert reason or again.reason == LEAN


def test_a_lean_file_is_not_written_again(tmp_path: Path) -> None:
    file = tflite_files.float_file(tmp_path)
    assert in_place(file, TFLite(), TFLite().audit(file))["reason"] == ""
    before = file.stat().st_mtime_ns
    assert in_place(file, TFLite(), TFLite().audit(file))["reason"] == LEAN
    assert file.stat().st_mtime_ns == before


def port(dtype: str, shape: Sequence[int | None], **about: object) -> Plain:
    return {"name": "x", "dtype": dtype, "shape": list(shape), **about}


def test_proof_inputs_reach_both_edges_of_what_an_input_takes() -> None:
    takes = {"low": [0], "high": [6], "why": "rows of a table"}
    whole = port("int8", (1, 5), scale=0.5, zero_point=3)
    runs = proof_inputs({"inputs": [whole, port("int32", (2,), takes=takes), port("bool", (1,))]})
    assert [runs[0][0].tolist(), runs[1][0].tolist()] == [[[-128] * 5], [[127] * 5]]
    assert [runs[0][1].tolist(), runs[1][1].tolist()] == [[0, 0], [6, 6]]
    drawn = np.concatenate([run[1] for run in runs[2:]])
    assert drawn.min() >= 0
    assert drawn.max() <= 6
    assert {run[2].dtype for run in runs} == {np.dtype(bool)}


def test_free_batches_have_one_and_several_samples_and_other_free_sizes_are_refused() -> None:
    runs = proof_inputs({"inputs": [port("float32", (None, 4))]})
    assert {run[0].shape for run in runs} == {(1, 4), (3, 4)}
    with pytest.raises(ConversionError, match="no fixed shape"):
        proof_inputs({"inputs": [port("float32", (1, None))]})
    with pytest.raises(ConversionError, match="no numbers can be made up"):
        proof_inputs({"inputs": [port("string", (1,))]})


def test_samples_are_stored_as_the_file_takes_them() -> None:
    x = np.array([[0.0, 1.0], [0.25, 9.0]], np.float32)
    ports = {"inputs": [port("int8", (1, 2), scale=0.5, zero_point=-1)]}
    first, second = stored_inputs(ports, (x,), most=5)
    assert first[0].tolist() == [[-1, 1]]
    assert second[0].tolist() == [[-1, 17]]
    assert stored_inputs({"inputs": [port("int8", (4, 2))]}, (x,), most=5) == ()
