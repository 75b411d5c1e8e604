from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files

from edgehone.export.execution import outputs
from edgehone.export.float_worst import Bound, Source, float_worst
from edgehone.formats._base import Calibration
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


@pytest.fixture
def source(tmp_path: Path) -> Source:
    file = tmp_path / "uneven.tflite"
    file.write_bytes(tflite_files.uneven(tflite_files.float_content()))
    even = tflite_files.float_file(tmp_path)
    x = tflite_files.samples()
    np.testing.assert_allclose(outputs(file, x), outputs(even, x), rtol=1e-3, atol=1e-3)
    return Source(file, TFLite(), tflite_files.calibration())


def bound(source: Source, kind: Any, limit: float) -> Bound:
    x = np.random.default_rng(5).random((200, *tflite_files.INPUT_SHAPE)).astype(np.float32)
    return Bound(kind, limit, (x,), outputs(source.float_file, x).argmax(axis=1))


def agreement(source: Source, plan: PrecisionPlan, held: Bound, folder: Path) -> float:
    file = folder / "found.tflite"
    source.form.quantize(source.float_file, plan, source.calibration, file)
    labels = outputs(file, held.inputs[0]).argmax(axis=1)
    return float(np.mean(labels == held.labels))


@pytest.mark.parametrize("kind", ["accuracy_drop", "disagreement"])
def test_the_layers_that_lose_are_put_back_and_no_other(
    source: Source, tmp_path: Path, kind: str
) -> None:
    held = bound(source, kind, 0.03)
    found = float_worst(source, PrecisionPlan("int8"), held)
    assert found.before > 0.1 > 0.03 >= found.after
    assert found.within
    floated = {loss.layer for loss in found.losses if loss.floated}
    assert floated
    assert set(found.plan.layers) == floated <= {"middle", "last"}
    assert set(found.plan.layers.values()) == {"float32"}
    assert agreement(source, found.plan, held, tmp_path) == pytest.approx(1 - found.after)
    ratios = [loss.snr_db for loss in found.losses]
    assert ratios == sorted(ratios)
    assert ratios[0] < 20 < ratios[-1]


def test_a_ratio_bounds_too_and_sixteen_bits_may_take_the_place_of_floats(source: Source) -> None:
    held = bound(source, "snr_db", -10)  # the worst column's; one channel is 400 times the others
    found = float_worst(source, PrecisionPlan("int8"), held, instead="int16x8")
    assert found.before < -10 <= found.after
    assert set(found.plan.layers.values()) == {"int16x8"}


def test_a_bound_that_holds_leaves_the_plan_alone(source: Source) -> None:
    plan = PrecisionPlan("int8", {"middle": "float32", "last": "float32"})
    found = float_worst(source, plan, bound(source, "disagreement", 0.05))
    assert (found.plan, found.losses, found.tried) == (plan, (), 1)
    assert found.within


def test_a_bound_out_of_reach_is_told_as_such(source: Source) -> None:
    found = float_worst(
        source, PrecisionPlan("int8"), bound(source, "snr_db", 300), instead="int16x8"
    )
    assert not found.within
    assert found.before < found.after < 300
    assert {loss.layer for loss in found.losses if loss.floated} == {"first", "middle", "last"}


def test_layers_the_plan_keeps_float_are_not_looked_at(source: Source) -> None:
    plan = PrecisionPlan("int8", {"first": "float32"})
    found = float_worst(source, plan, bound(source, "disagreement", 0.0))
    assert {loss.layer for loss in found.losses} == {"middle", "last"}
    assert found.plan.layers["first"] == "float32"


@pytest.fixture(scope="module")
def hard_swish_net() -> Any:
    """A MobileNetV3-like net that learned the bundled digits, and one channel of whose linear
    bottleneck is FACTOR times as large as it was, with the next kernel as much smaller.
    """
    from edgehone import data
    from edgehone.graph import backend

    keras = backend.keras()
    backend.seed(0)
    layers = keras.layers
    source = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="hard_swish", name="stem")(source)
    for name, width in (("a", 12), ("b", 16)):
        x = layers.Conv2D(32, 1, activation="hard_swish", name=f"{name}_widen")(x)
        x = layers.DepthwiseConv2D(3, 2, activation="hard_swish", name=f"{name}_depth")(x)
        squeezed = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_pool")(x)
        gate = layers.Conv2D(32, 1, activation="hard_sigmoid", name=f"{name}_gate")(squeezed)
        x = layers.Conv2D(width, 1, name=f"{name}_narrow")(layers.Multiply()([x, gate]))
    x = layers.Flatten()(x)
    x = layers.Dense(48, activation="hard_swish", name="wide")(x)
    net = keras.Model(source, layers.Dense(10, activation="softmax", name="head")(x), name="mob")
    digits = data.load("digits", data.DataSettings(scale=1 / 16, input_shape=(8, 8, 1)))
    net.compile(keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy")
    net.fit(digits.train.x, digits.train.y, batch_size=64, epochs=12, verbose=0)
    narrow, widen = net.get_layer("a_narrow"), net.get_layer("b_widen")
    kernel, bias = narrow.get_weights()
    kernel[..., 0] *= tflite_files.FACTOR
    bias[0] *= tflite_files.FACTOR
    narrow.set_weights([kernel, bias])
    kernel, bias = widen.get_weights()
    kernel[:, :, 0] /= tflite_files.FACTOR
    widen.set_weights([kernel, bias])
    return net, digits


@pytest.mark.slow
def test_a_hard_swish_net_gets_its_accuracy_back_in_both_formats(
    hard_swish_net: Any, tmp_path: Path
) -> None:
    from edgehone.export.conversion import Converter
    from edgehone.graph.loading import save

    net, digits = hard_swish_net
    model = save(net, tmp_path / "mob.keras")
    calibration = Calibration((digits.calibration(200),))
    held = Bound("accuracy_drop", 0.01, (digits.validation.x,), digits.validation.y)
    with Converter() as converter:
        for form in (TFLite(), Onnx()):
            name = form.SUFFIX.removeprefix(".")
            file = converter.convert(model, name, tmp_path / f"mob{form.SUFFIX}")
            found = float_worst(Source(file, form, calibration), PrecisionPlan("int8"), held)
            assert found.before > 0.1, name
            assert found.within, name
            floated = [loss.layer for loss in found.losses if loss.floated]
            assert 0 < len(floated) <= len(found.losses) / 3, name
            result = tmp_path / f"cured{form.SUFFIX}"
            form.quantize(file, found.plan, calibration, result)
            x, y = digits.test.x, digits.test.y
            accuracies = [np.mean(outputs(each, x).argmax(axis=1) == y) for each in (file, result)]
            assert accuracies[0] > 0.85
            assert accuracies[1] > accuracies[0] - 0.03
