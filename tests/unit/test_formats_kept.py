"""What stays float in files of integers: what counts, and what integers cannot hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files, unlike_files

from edgehone.errors import ConversionError
from edgehone.export.artifacts import export
from edgehone.export.execution import outputs
from edgehone.export.requirements import findings
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration, Format
from edgehone.formats._dataflow import Flow, Node, Role
from edgehone.formats._exact import exact
from edgehone.formats._held import Ends, rounded_to, unheld, watched
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def node(name: str, role: Role, reads: str, writes: str = "", *, whole: bool = False) -> Node:
    return Node(name, role, tuple(reads.split()), tuple(writes.split()), whole)


def flow(*nodes: Node, inputs: str = "x", outputs: str = "y") -> Flow:
    return Flow(nodes, tuple(inputs.split()), tuple(outputs.split()))


def test_what_is_cast_to_integers_stays_float_up_to_the_input_and_no_further() -> None:
    found = exact(
        flow(
            node("offset", "arithmetic", "x", "moved"),
            node("mod", "counts", "moved", "wrapped"),
            node("cast", "converts", "wrapped"),
            node("dense", "weights", "x z", "y"),
            inputs="x z",
        )
    )
    assert set(found.nodes) == {"offset", "mod"}
    assert set(found.inputs) == {"x"}
    assert not found.outputs


def test_a_table_with_identifiers_stays_float_up_to_where_it_is_cut() -> None:
    found = exact(
        flow(
            node("ids", "layout", "x", "left"),
            node("rest", "layout", "x", "right"),
            node("turned", "layout", "right", "again"),
            node("cast", "converts", "left"),
            node("dense", "weights", "again", "y"),
        )
    )
    assert set(found.nodes) == {"ids", "rest", "turned"}
    assert set(found.inputs) == {"x"}


def test_numbers_behind_weights_are_not_counted_unless_the_weights_are_whole() -> None:
    def found(whole: bool) -> Any:
        dense = node("dense", "weights", "x", "h", whole=whole)
        return exact(flow(dense, node("cast", "converts", "h")))

    assert (set(found(False).nodes), set(found(False).inputs)) == ({"dense"}, set())
    assert (set(found(True).nodes), set(found(True).inputs)) == ({"dense"}, {"x"})


def test_which_is_larger_counts_for_inputs_and_not_for_what_is_computed() -> None:
    compared = exact(flow(node("less", "compares", "x")))
    assert set(compared.inputs) == {"x"}
    dense = node("dense", "weights", "x", "h")
    assert not exact(flow(dense, node("less", "compares", "h")))
    assert set(exact(flow(dense, node("equal", "counts", "h"))).nodes) == {"dense", "equal"}


MAKERS: dict[str, tuple[type[Format], Callable[[Path], Path], Callable[[Path], Path]]] = {
    "tflite": (TFLite, unlike_files.counted_tflite, unlike_files.two_ranges_tflite),
    "onnx": (Onnx, unlike_files.counted_onnx, unlike_files.two_ranges_onnx),
}


def r2(reference: Any, found: Any) -> Any:
    """R2 of each column against the reference's."""
    error = ((found.astype(np.float64) - reference) ** 2).mean(axis=0)
    return 1 - error / reference.astype(np.float64).var(axis=0)


@pytest.mark.parametrize("precision", ["int8", "int16x8"])
@pytest.mark.parametrize("name", MAKERS)
def test_identifiers_reach_the_embedding_unharmed(
    tmp_path: Path, name: str, precision: str
) -> None:
    form, counted, _ = MAKERS[name]
    if precision not in form.PRECISIONS:
        precision = "int8"
    source, x = counted(tmp_path), unlike_files.identifiers()
    file = tmp_path / f"out.{name}"
    notes = form().quantize(source, PrecisionPlan(precision), Calibration((x,)), file)
    assert r2(outputs(source, x), outputs(file, x)).min() > 0.99
    assert "index, count or encode" in notes["kept_float"]["ids"]
    assert audit(file)["inputs"][0]["dtype"] == "float32"
    names = {layer["name"]: layer["types"] for layer in audit(file)["layers"]}
    assert names["deep_layer"][0] != "float32"
    assert names["wide_layer"][0] != "float32"


def test_columns_beside_identifiers_have_a_range_of_their_own(tmp_path: Path) -> None:
    source, x = unlike_files.mixed_onnx(tmp_path), unlike_files.mixed_samples()
    file = tmp_path / "out.onnx"
    notes = Onnx().quantize(source, PrecisionPlan(), Calibration((x,)), file)
    assert {"ids", "#left/Slice", "#right/Slice"} <= set(notes["kept_float"])
    assert r2(outputs(source, x), outputs(file, x)).min() > 0.99


@pytest.mark.parametrize("name", MAKERS)
def test_an_end_of_unlike_ranges_stays_float_and_nothing_else(tmp_path: Path, name: str) -> None:
    form, _, paired = MAKERS[name]
    source, x = paired(tmp_path), unlike_files.numbers()
    file = tmp_path / f"out.{name}"
    notes = form().quantize(source, PrecisionPlan(), Calibration((x,)), file)
    assert r2(outputs(source, x), outputs(file, x)).min() > 0.99
    assert set(notes["kept_float"]) == {"pair"}
    assert "column 1" in notes["kept_float"]["pair"]
    kinds = {layer["name"]: layer["types"][0] for layer in audit(file)["layers"]}
    assert kinds["hidden"] in ("int8", "uint8")
    if name == "tflite":
        found = audit(file)
        assert (found["inputs"][0]["dtype"], found["outputs"][0]["dtype"]) == ("int8", "float32")


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_with_a_float_end_is_called_so_and_is_not_int8(tmp_path: Path, name: str) -> None:
    form, _, paired = MAKERS[name]
    source, x = paired(tmp_path), unlike_files.numbers()
    file = tmp_path / f"out.{name}"
    made = export(source, form(), PrecisionPlan(), Calibration((x,)), file)
    assert made.precision == "int8+float32"
    assert made.audit is not None
    (found,) = findings(made.audit, ["int8"])
    assert found["reason"].startswith("Layers compute in float: pair. pair: 8 bits")


def test_integers_at_a_border_that_cannot_hold_them_are_refused(tmp_path: Path) -> None:
    source, x = unlike_files.two_ranges_tflite(tmp_path), unlike_files.numbers()
    file = tmp_path / "out.tflite"
    with pytest.raises(ConversionError, match="'pair' cannot be int8"):
        TFLite().quantize(source, PrecisionPlan(io="int8"), Calibration((x,)), file)
    assert not file.exists()


def test_nothing_stays_float_where_all_columns_are_alike(tmp_path: Path) -> None:
    file = tmp_path / "out.tflite"
    source = tflite_files.float_file(tmp_path)
    notes = TFLite().quantize(source, PrecisionPlan(), tflite_files.calibration(), file)
    assert notes["kept_float"] == {}


def test_other_inputs_stay_integers_beside_one_of_identifiers() -> None:
    from edgehone.formats import _flatbuffer
    from edgehone.formats._exact import Kept
    from edgehone.formats._flatgraph import Graph, Quantization
    from edgehone.formats._tflite.repair import with_integer_borders

    graph, scale = Graph(), Quantization([0.5])
    ids, x = (graph.tensor(name, "FLOAT32", (1, 2)) for name in ("ids", "x"))
    small = graph.tensor("x_quantized", "INT8", (1, 2), quantization=scale)
    same = graph.tensor("ids_quantized", "INT8", (1, 2), quantization=scale)
    out = graph.tensor("out", "INT8", (1, 2), quantization=scale)
    graph.operator("QUANTIZE", [x], small)
    graph.operator("QUANTIZE", [ids], same)
    graph.operator("MAXIMUM", [small, same], out)
    content = graph.content([ids, x], [out])
    model = _flatbuffer.parse(with_integer_borders(content, Kept({}, {"ids": ""}, {})), "it")
    tensors = [model.subgraphs[0].tensors[i] for i in model.subgraphs[0].inputs]
    assert [_flatbuffer.tensor_name(t) for t in tensors] == ["ids", "x"]
    assert [_flatbuffer.type_name(t) for t in tensors] == ["float32", "int8"]
    assert len(model.subgraphs[0].operators) == 2


def ends(role: Role, values: Any, symmetric: bool = False) -> Ends:
    whole = flow(node("dense", "weights", "x", "h"), node("last", role, "h", "y"))
    held = {"h": np.random.default_rng(0).normal(size=(64, values.shape[1])), "y": values}
    ranges = {name: (float(v.min()), float(v.max())) for name, v in held.items()}
    return Ends(whole, held, ranges, 8, symmetric)


def test_probabilities_are_left_alone_and_numbers_far_from_zero_are_not() -> None:
    far = 293 + np.random.default_rng(1).normal(size=(64, 1))
    found = unheld(ends("arithmetic", far))
    assert set(found.nodes) == {"last"}
    assert set(found.outputs) == {"y"}
    assert not unheld(ends("softmax", far))
    assert not unheld(ends("arithmetic", far - 293))


def test_a_column_that_does_not_vary_keeps_an_end_float_where_its_value_is_lost() -> None:
    values = np.random.default_rng(1).normal(size=(64, 2)) * 1000
    values[:, 1] = 0.3
    assert unheld(ends("arithmetic", values)).outputs
    values[:, 1] = 0
    assert not unheld(ends("arithmetic", values))


def test_a_table_of_unlike_columns_stays_float_up_to_where_they_are_alike() -> None:
    random = np.random.default_rng(2)
    table = random.normal(size=(64, 2)) * [1e5, 1]
    whole = flow(
        node("scaled", "arithmetic", "x", "alike"),
        node("dense", "weights", "alike", "y"),
    )
    held = {"x": table, "alike": table / [1e5, 1], "y": random.normal(size=(64, 1))}
    ranges = {name: (float(v.min()), float(v.max())) for name, v in held.items()}
    found = unheld(Ends(whole, held, ranges))
    assert (set(found.nodes), set(found.inputs)) == ({"scaled"}, {"x"})
    assert watched(whole) >= {"x", "alike", "y"}


def test_rounding_is_that_of_a_plain_loop() -> None:
    values = np.random.default_rng(3).normal(2, 1, (50, 1))
    low, high = 0.0, float(values.max())
    step = high / 255
    expected = [[step * round(float(v) / step)] for v in values[:, 0]]
    np.testing.assert_allclose(rounded_to(8, values, (low, high), symmetric=False), expected)
    assert not rounded_to(8, values, (0.0, 0.0), symmetric=False).any()
