"""Recurrent layers through the real converters, in the forms that files can have."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ConversionError
from edgehone.export._recurrent import least_growth, recurrent_layers, unrolled
from edgehone.export._tracing import without_training
from edgehone.export.conversion import Converter, Layout
from edgehone.export.execution import outputs_of
from edgehone.export.layer_parity import layer_snr
from edgehone.export.parity import parity
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.loading import register
from edgehone.system import files
from edgehone.values import Model, PrecisionPlan

pytestmark = pytest.mark.slow


def sequence(shape: tuple[int, ...], layer: Any, *, name: str = "net") -> Any:
    """A recurrent layer, called "steps", between nothing and a dense head; its weights are drawn
    alike whichever tests ran before.
    """
    backend.keras().utils.set_random_seed(4)
    layers = backend.keras().layers
    head = [layers.Flatten(name="flat"), layers.Dense(3, name="head")]
    return backend.keras().Sequential([layers.Input(shape), layer, *head], name=name)


def lstm(units: int = 4, **settings: Any) -> Any:
    return backend.keras().layers.LSTM(units, name="steps", **settings)


def saved(model: Any, folder: Path) -> Model:
    path = folder / f"{model.name}.keras"
    model.save(path)
    return Model(path, files.sha256_of(path), model.count_params(), 0)


def samples(model: Any, n: int = 8) -> Any:
    shape = (n, *model.inputs[0].shape[1:])
    return np.random.default_rng(0).random(shape).astype(np.float32)


def error(model: Any, file: Path) -> float:
    x = samples(model)
    reference = np.asarray(model.predict(x, verbose=0))
    assert np.ptp(reference, axis=0).min() > 1e-4  # the samples matter
    return float(np.abs(outputs_of(file, (x,))[0] - reference).max())


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter() as started:
        started.warm()
        yield started


@pytest.mark.parametrize("form", ["tflite", "onnx"])
@pytest.mark.parametrize(
    "build",
    [
        lambda layers: lstm(return_sequences=True),
        lambda layers: layers.GRU(4, name="steps"),
        lambda layers: layers.Bidirectional(layers.SimpleRNN(3), name="steps"),
        lambda layers: layers.RNN([layers.LSTMCell(3), layers.GRUCell(3)], name="steps"),
    ],
)
def test_loops_compute_what_keras_computes(
    tmp_path: Path, converter: Converter, build: Callable[[Any], Any], form: str
) -> None:
    backend.seed(0)
    model = sequence((6, 3), build(backend.keras().layers))
    file = converter.convert(
        saved(model, tmp_path), form, tmp_path / f"net.{form}", Layout(recurrent="loop")
    )
    assert error(model, file) < 1e-5
    found = audit(file)
    assert found["loops"] == ["steps"]
    assert "steps" in {layer["name"] for layer in found["layers"]}
    assert "head" in {layer["name"] for layer in found["layers"]}


def test_a_short_sequence_is_unrolled_and_a_long_one_is_not(
    tmp_path: Path, converter: Converter
) -> None:
    """The long one has the shape of the gun-point data set."""
    short, long = (
        sequence((10, 3), lstm(24), name="short"),
        sequence((150, 1), lstm(8), name="long"),
    )
    for model, loops in ((short, []), (long, ["steps"])):
        file = tmp_path / f"{model.name}.tflite"
        converter.convert(saved(model, tmp_path), "tflite", file)
        assert audit(file)["loops"] == loops
        assert error(model, file) < 1e-5
    loop = tmp_path / "loop.tflite"
    converter.convert(saved(short, tmp_path), "tflite", loop, Layout(recurrent="loop"))
    size = (tmp_path / "short.tflite").stat().st_size
    assert loop.stat().st_size < size < 4 * loop.stat().st_size


def test_an_unrolled_lstm_is_int8_throughout_and_keeps_its_name(
    tmp_path: Path, converter: Converter
) -> None:
    backend.seed(0)
    model = sequence((8, 3), lstm(6))
    source = tmp_path / "net.tflite"
    converter.convert(saved(model, tmp_path), "tflite", source, Layout(recurrent="unrolled"))
    x, file = samples(model, 32), tmp_path / "int8.tflite"
    TFLite().quantize(source, PrecisionPlan("int8"), Calibration((x,)), file)
    assert audit(file)["integer_only"]
    reference = np.asarray(model.predict(x, verbose=0))
    assert (parity(reference, outputs_of(file, (x,))[0], False)["snr_db"] or 0) > 20
    assert next(iter(layer_snr(source, file, (x,)))) == "steps"
    plan = PrecisionPlan("int8", {"steps": "float32"})
    assert TFLite().quantize(source, plan, Calibration((x,)), file)["refused"] == {}
    floats = {layer["name"].split("/")[0] for layer in audit(file)["float_layers"]}
    assert floats == {"steps"}


def test_a_loop_asked_to_be_int8_is_refused_with_its_name(
    tmp_path: Path, converter: Converter
) -> None:
    model = sequence((8, 3), lstm(6))
    calibration = Calibration((samples(model),))
    for form, maker in (("tflite", TFLite()), ("onnx", Onnx())):
        source, file = tmp_path / f"net.{form}", tmp_path / f"made.{form}"
        converter.convert(saved(model, tmp_path), form, source, Layout(recurrent="loop"))
        with pytest.raises(ConversionError, match="'steps'") as caught:
            maker.quantize(source, PrecisionPlan("int8"), calibration, file)
        assert "--recurrent unrolled" in caught.value.hint
        assert not file.exists()
    mixed = tmp_path / "mixed.tflite"
    plan = PrecisionPlan("int8", {"steps": "float32"})
    TFLite().quantize(tmp_path / "net.tflite", plan, calibration, mixed)
    types = {layer["name"]: layer["types"] for layer in audit(mixed)["layers"]}
    assert types["head"][1] == "int8"
    assert audit(mixed)["loops"] == ["steps"]
    assert error(model, mixed) < 0.1


def test_an_onnx_loop_stays_float_for_its_quantizer_breaks_it(
    tmp_path: Path, converter: Converter
) -> None:
    model = sequence((6, 3), backend.keras().layers.GRU(4, name="steps"))
    source = converter.convert(saved(model, tmp_path), "onnx", tmp_path / "net.onnx")
    assert "Loop" in audit(source)["operators"]
    with pytest.raises(ConversionError, match="'steps' is a loop"):
        Onnx().quantize(source, PrecisionPlan("dynamic8"), Calibration(()), tmp_path / "q.onnx")


def test_an_onnx_lstm_is_one_operator_whatever_the_batch(
    tmp_path: Path, converter: Converter
) -> None:
    model = sequence((6, 3), lstm())
    for batch in (1, 3, None):
        file = tmp_path / f"net-{batch}.onnx"
        converter.convert(saved(model, tmp_path), "onnx", file, Layout(batch))
        assert audit(file)["operators"]["LSTM"] == 1
        assert audit(file)["inputs"][0]["shape"] == [batch, 6, 3]
        assert error(model, file) < 1e-5


def test_a_free_batch_unrolls_or_is_refused(tmp_path: Path, converter: Converter) -> None:
    model = sequence((3, 3), lstm(12), name="short")
    file = converter.convert(
        saved(model, tmp_path), "tflite", tmp_path / "free.tflite", Layout(batch=None)
    )
    assert audit(file)["inputs"][0]["shape"] == [None, 3, 3]
    assert error(model, file) < 1e-5
    long = saved(sequence((500, 1), lstm(), name="long"), tmp_path)
    with pytest.raises(ConversionError, match=r"fixed batch.*steps"):
        converter.convert(long, "tflite", tmp_path / "long.tflite", Layout(batch=None))


def test_unrolled_changes_every_recurrent_layer_and_no_value() -> None:
    backend.seed(0)
    layers = backend.keras().layers
    model = backend.keras().Sequential(
        [
            layers.Input((5, 8, 2)),
            layers.ConvLSTM1D(3, 3, return_sequences=True, name="images"),
            layers.TimeDistributed(layers.Flatten(), name="flat"),
            layers.Bidirectional(layers.GRU(3), name="both"),
            layers.Dense(2),
        ]
    )
    assert list(recurrent_layers(model)) == ["images", "both"]
    found = unrolled(model)
    assert not recurrent_layers(found)
    x = samples(model)
    reference = model.predict(x, verbose=0)
    assert np.ptp(reference) > 0
    np.testing.assert_allclose(found.predict(x, verbose=0), reference, atol=1e-6)


def test_a_stateful_layer_is_refused(tmp_path: Path, converter: Converter) -> None:
    layers = backend.keras().layers
    source = backend.keras().Input(batch_shape=(1, 4, 3))
    model = backend.keras().Model(source, layers.LSTM(2, stateful=True, name="keeps")(source))
    with pytest.raises(ConversionError, match="'keeps' keeps its state"):
        converter.convert(saved(model, tmp_path), "tflite", tmp_path / "net.tflite")


DROPPING: dict[str, Any] = {"dropout": 0.4, "recurrent_dropout": 0.3}
"""Of recurrent cells: their masks are traced even where nothing is dropped."""


def dropping(layers: Any, kind: str) -> Any:
    """A model with dropout in a recurrent layer, which lies somewhere."""
    match kind:
        case "gru":
            return sequence((5, 3), layers.GRU(4, name="steps", **DROPPING))
        case "both":
            return sequence((5, 3), layers.Bidirectional(layers.LSTM(4, **DROPPING), name="steps"))
        case "stack":
            cells = [layers.LSTMCell(3, **DROPPING), layers.SimpleRNNCell(3, **DROPPING)]
            return sequence((5, 3), layers.RNN(layers.StackedRNNCells(cells), name="steps"))
        case "each":
            return sequence((2, 5, 3), layers.TimeDistributed(layers.GRU(4, **DROPPING)))
        case "images":
            return sequence((3, 6, 6, 2), layers.ConvLSTM2D(2, 3, name="steps", **DROPPING))
        case "unrolled":
            return sequence((5, 3), lstm(unroll=True, **DROPPING))
        case _:
            inner = [layers.Input((5, 3)), layers.GRU(4, **DROPPING), layers.Dense(3)]
            return sequence((5, 3), backend.keras().Sequential(inner, name="steps"))


@pytest.mark.parametrize(
    "kind", ["gru", "both", "stack", "each", "images", "unrolled", "a model inside"]
)
def test_dropout_of_recurrent_layers_is_left_out(
    tmp_path: Path, converter: Converter, kind: str
) -> None:
    backend.seed(0)
    model = dropping(backend.keras().layers, kind)
    file = converter.convert(
        saved(model, tmp_path), "tflite", tmp_path / "net.tflite", Layout(recurrent="loop")
    )
    assert error(model, file) < 1e-5
    assert not {"RANDOM_UNIFORM", "VAR_HANDLE"} & set(audit(file)["operators"])


def test_the_model_that_is_traced_has_its_training_back_afterwards() -> None:
    layers = backend.keras().layers
    inner = layers.Bidirectional(layers.LSTM(4, activity_regularizer="l2", **DROPPING))
    model = sequence((5, 3), inner)
    cells = [inner.forward_layer.cell, inner.backward_layer.cell]
    with without_training(model):
        assert [cell.dropout for cell in cells] == [0, 0]
        assert inner.forward_layer.activity_regularizer is None
    assert [(cell.dropout, cell.recurrent_dropout) for cell in cells] == [(0.4, 0.3)] * 2
    assert inner.forward_layer.activity_regularizer is not None


def back(layers: Any) -> Any:
    return layers.GRU(4, go_backwards=True)


@pytest.mark.parametrize(
    ("shape", "build", "size"),
    [
        ((20, 3), lambda k: k.LSTM(4), 1400 * 20),
        ((20, 3), lambda k: k.Bidirectional(k.LSTM(4)), 2 * 1400 * 20),
        ((20, 3), lambda k: k.Bidirectional(k.LSTM(4), backward_layer=back(k)), 3000 * 20),
        ((20, 3), lambda k: k.RNN(k.LSTMCell(4)), 1400 * 20),
        ((20, 3), lambda k: k.RNN([k.LSTMCell(4), k.GRUCell(4), k.LSTMCell(4)]), 4400 * 20),
        ((3, 20, 3), lambda k: k.TimeDistributed(k.GRU(4)), 3 * 1600 * 20),
        ((20, 8, 8, 2), lambda k: k.ConvLSTM2D(2, 3), 300 * 20),
    ],
)
def test_every_cell_of_every_direction_counts_when_unrolling_is_weighed(
    shape: tuple[int, ...], build: Callable[[Any], Any], size: int
) -> None:
    model = sequence(shape, build(backend.keras().layers))
    assert least_growth(recurrent_layers(model), TFLite.STEP_BYTES) == size


CELLS = """
import os
import time

import keras

calls = 0


@keras.saving.register_keras_serializable("tried")
class Failing(keras.layers.SimpleRNNCell):
    def call(self, *arguments, **settings):
        # No loop is traced so often.
        global calls
        calls += 1
        how = os.environ.get("FAIL_HOW")
        if calls > 100 and how:
            {"abort": os.abort, "hang": lambda: time.sleep(900), "raise": int}[how]()
            raise KeyError("too many")
        return super().call(*arguments, **settings)
"""


@pytest.mark.parametrize("how", ["raise", "abort", "hang"])
def test_what_unrolling_does_not_finish_stays_a_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    (tmp_path / f"failing_{how}.py").write_text(CELLS)
    monkeypatch.syspath_prepend(tmp_path)
    source = f"python:failing_{how}"
    register((source,))
    cell = backend.keras().saving.get_registered_object("tried>Failing")
    model = sequence((120, 3), backend.keras().layers.RNN(cell(64), name="steps"))
    kept = saved(model, tmp_path)
    monkeypatch.setenv("FAIL_HOW", how)
    limit = 20.0 if how == "hang" else 300.0
    with Converter(timeout_s=limit, custom=(source,)) as converter:
        file = converter.convert(kept, "tflite", tmp_path / "net.tflite")
        assert audit(file)["loops"] == ["steps"]
        if how != "hang":
            unrolled_only = Layout(recurrent="unrolled")
            with pytest.raises(ConversionError) as caught:
                converter.convert(kept, "tflite", tmp_path / "out.tflite", unrolled_only)
            assert str(tmp_path) not in caught.value.message
    monkeypatch.delenv("FAIL_HOW")
    assert error(model, file) < 1e-4
    found = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert found == {f"failing_{how}.py", "net.keras", "net.tflite"}
