"""Models of half, mixed and double precision come in as float32."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.errors import ModelError
from edgehone.graph import backend
from edgehone.graph.loading import load
from edgehone.graph.precision import OTHERS, float32_settings, in_float32

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
KINDS = ("mixed_float16", "mixed_bfloat16", "float16", "float64")


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    """Puts back what a test sets."""
    with backend.float32_policy():
        yield


def casting() -> Any:
    """Casts, constants and operators between layers, and a model inside."""
    keras = backend.keras()
    layers, kind = keras.layers, keras.config.dtype_policy().compute_dtype
    x = inputs = keras.Input((8, 8, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(x))
    x = keras.ops.cast(keras.ops.cast(x, "float16") * np.float16(2), kind) + 1.0
    inner = keras.Model(inputs, layers.Flatten()(x))
    head = [layers.Dense(3), layers.Activation("softmax", dtype="float32")]
    return keras.Sequential([keras.Input((8, 8, 1)), inner, *head])


def wrapping() -> Any:
    """Layers within layers."""
    keras = backend.keras()
    layers = keras.layers
    x = inputs = keras.Input((5, 4))
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    step = keras.Sequential([keras.Input((6,)), layers.Dense(3), layers.LayerNormalization()])
    x = layers.MultiHeadAttention(2, 3)(*[layers.TimeDistributed(step)(x)] * 2)
    return keras.Model(inputs, layers.Dense(2, dtype="float32")(layers.GRU(4)(x)))


def adapted() -> Any:
    """Statistics of the data."""
    layers = backend.keras().layers
    norm = layers.Normalization()
    norm.adapt(RNG.normal(3, 2, (50, 4)))
    return backend.keras().Sequential([backend.keras().Input((4,)), norm, layers.Dense(2)])


NETS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "casting": (casting, (8, 8, 1)),
    "wrapping": (wrapping, (5, 4)),
    "adapted": (adapted, (4,)),
}


def made(name: str, policy: str) -> tuple[Any, Any]:
    """A net under a policy, and samples."""
    build, shape = NETS[name]
    backend.keras().utils.set_random_seed(3)
    backend.keras().config.set_dtype_policy(policy)
    model = build()
    backend.keras().config.set_dtype_policy("float32")
    return model, RNG.normal(size=(6, *shape)).astype(np.float32)


def require_float32(model: Any, like: Any, x: Any) -> None:
    expected, found = (np.asarray(each(x)).astype(np.float64) for each in (like, model))
    assert expected.std() > 1e-3
    assert np.abs(expected - found).max() < 3e-2 * np.abs(expected).max()
    assert {str(weight.dtype) for weight in model.weights} <= {"float32", "int32", "int64"}
    tensors = [tensor for part in model.operations for tensor in [part.output]]
    assert {str(tensor.dtype) for tensor in tensors} == {"float32"}
    parts = model._flatten_layers(include_self=False)
    assert not {str(part.compute_dtype) for part in parts} & OTHERS


@pytest.mark.parametrize("policy", KINDS)
@pytest.mark.parametrize("name", NETS)
def test_load_rebuilds_a_model_in_float32(name: str, policy: str, tmp_path: Path) -> None:
    model, x = made(name, policy)
    model.save(tmp_path / "net.keras")
    loaded = load(str(tmp_path / "net.keras"))
    require_float32(loaded, model, x)
    assert not [part for part in loaded.operations if type(part).__name__ == "Cast"]


def test_load_rebuilds_h5_files_in_float32(tmp_path: Path) -> None:
    model, x = made("wrapping", "mixed_float16")
    model.save(tmp_path / "net.h5")
    require_float32(load(str(tmp_path / "net.h5")), model, x)


@pytest.mark.parametrize("name", NETS)
def test_load_rebuilds_what_a_function_returns_and_leaves_the_policy_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = backend.keras()
    (tmp_path / f"mixed_{name}.py").write_text(
        "import keras\n"
        "from tests.unit import test_graph_precision as nets\n"
        'keras.mixed_precision.set_global_policy("mixed_bfloat16")\n'
        f'def build():\n    keras.mixed_precision.set_global_policy("mixed_float16")\n'
        f'    return nets.NETS["{name}"][0]()\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    keras.config.set_dtype_policy("mixed_bfloat16")
    loaded = load(f"python:mixed_{name}:build")
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    keras.config.set_dtype_policy("float32")
    x = RNG.normal(size=(6, *NETS[name][1])).astype(np.float32)
    require_float32(loaded, loaded, x)


def test_float32_models_are_left_as_they_are() -> None:
    model = wrapping()
    assert in_float32(model) is model


def test_layers_that_keras_quantized_are_refused_by_name() -> None:
    keras = backend.keras()
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, name="whole")])
    model.quantize("int8")
    with pytest.raises(ModelError, match=r"'whole' \(Dense, int8\)"):
        in_float32(model)


def test_layers_of_another_type_whatever_their_policy_are_refused_by_name() -> None:
    keras = backend.keras()

    class Half(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        def build(self, shape: Any) -> None:
            self.add_weight(shape=(4,), dtype="float16", name="w")

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match=r"whatever their dtype policy: 'half' \(Half\)"):
        in_float32(keras.Sequential([keras.Input((4,)), Half(name="half")]))


def test_float32_settings_change_types_and_no_names() -> None:
    policy = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    settings = {"name": "float16", "dtype": policy, "inner": [{"to": "bfloat16", "of": "int64"}]}
    assert float32_settings(settings) == {
        "name": "float16",
        "dtype": {"class_name": "DTypePolicy", "config": {"name": "float32"}},
        "inner": [{"to": "float32", "of": "int64"}],
    }
