"""Which range of values a model seems to expect, by the layers that scale its input."""

from typing import Any

import numpy as np
import pytest

from edgehone.graph import backend
from edgehone.graph.scaling import InputScaling, input_scaling

pytestmark = pytest.mark.slow


def scaled(*begin: Any, end: Any = ()) -> InputScaling:
    keras = backend.keras()
    layers = keras.layers
    image = x = keras.Input((4, 4, 3))
    for layer in (*begin, layers.Conv2D(2, 3, name="conv"), *end):
        x = layer(x)
    return input_scaling(keras.Model(image, x))


def rescaling(scale: Any, offset: Any = 0.0, name: str = "rescale") -> Any:
    return backend.keras().layers.Rescaling(scale, offset, name=name)


@pytest.mark.parametrize(
    ("scale", "offset", "expects"),
    [
        (1 / 255, 0.0, (0, 255)),
        (1 / 127.5, -1.0, (0, 255)),
        (1 / 16, 0.0, (0, 16)),
        (2.0, -1.0, (0, 1)),
        (255.0, 0.0, (0, 1 / 255)),
        ([1 / 255, 1 / 255, 1 / 255], 0.0, (0, 255)),
    ],
)
def test_a_rescaling_in_front_tells_the_range(scale: Any, offset: float, expects: Any) -> None:
    found = scaled(rescaling(scale, offset))
    assert found.expects == pytest.approx(expects, rel=1e-3, abs=1e-3)
    (text,) = found.layers
    assert text.startswith("Rescaling 'rescale' (")


def test_a_normalization_in_front_tells_three_deviations_around_its_mean() -> None:
    layers = backend.keras().layers
    found = scaled(layers.Normalization(mean=[100, 120, 140], variance=[400, 400, 400], name="n"))
    assert found.expects == (40, 200)
    assert found.layers == ("Normalization 'n' (mean 100 to 140, deviation 20)",)


def test_an_adapted_normalization_is_told_by_its_statistics() -> None:
    layer = backend.keras().layers.Normalization(name="adapted")
    layer.adapt(np.random.default_rng(0).normal(50, 10, (500, 4, 4, 3)).astype(np.float32))
    found = scaled(layer)
    assert found.expects == pytest.approx((20, 80), abs=3)


def test_layers_of_nested_models_are_named_with_them() -> None:
    keras = backend.keras()
    image = keras.Input((4, 4, 3))
    inner = keras.Model(image, rescaling(1 / 255)(image), name="stem")
    found = scaled(keras.layers.RandomFlip(), inner, end=(rescaling(2.0, name="late"),))
    assert [each.split(" (")[0] for each in found.layers] == [
        "Rescaling 'stem/rescale'",
        "Rescaling 'late'",
    ]
    assert found.expects == (0, 255)


def test_scaling_behind_weights_tells_nothing_of_the_input() -> None:
    found = scaled(end=(rescaling(1 / 255),))
    assert found.expects is None
    assert len(found.layers) == 1
    assert scaled() == InputScaling((), None)


def test_a_batch_norm_in_front_tells_the_range_by_its_statistics() -> None:
    norm = backend.keras().layers.BatchNormalization(name="norm")
    norm.build((None, 4, 4, 3))
    norm.moving_mean.assign([10.0] * 3)
    norm.moving_variance.assign([4.0] * 3)
    found = scaled(norm)
    assert found.expects == (4, 16)
    assert found.layers == ()


def test_a_rescaling_that_loses_everything_tells_no_range() -> None:
    assert scaled(rescaling(0.0)).expects is None
