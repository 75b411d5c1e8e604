"""Objects in a model's description are called what they are."""

from pathlib import Path
from typing import Any

import pytest
from tests.troubles import described, h5, layer

from edgehone.errors import ModelError
from edgehone.graph import backend, loading
from edgehone.graph.consent import require_consent
from edgehone.graph.parts import class_of, parts

pytestmark = pytest.mark.slow


def own(kind: str, **settings: Any) -> dict[str, Any]:
    """An object of somebody's class, as .keras files describe it."""
    return {
        "class_name": kind,
        "config": settings,
        "module": "research",
        "registered_name": f"research>{kind}",
    }


DENSE: dict[str, Any] = {"name": "head", "units": 2}
CASES: tuple[tuple[dict[str, Any], str], ...] = (
    (layer("L2"), "layers that Keras does not know: 'odd' (L2)"),
    (layer("MinMaxNorm"), "layers that Keras does not know: 'odd' (MinMaxNorm)"),
    (layer("Orthogonal"), "layers that Keras does not know: 'odd' (Orthogonal)"),
    (layer("Dense", kernel_regularizer=own("Sparse")), "regularizer Sparse of 'odd'"),
    (layer("Dense", kernel_initializer=own("Careful")), "initializer Careful of 'odd'"),
    (layer("Dense", bias_constraint=own("Narrow")), "constraint Narrow of 'odd'"),
    (layer("Dense", kernel_regularizer={"class_name": "Zeros", "config": {}}), "regularizer Zeros"),
    (
        layer("Dense", activation={"class_name": "function", "config": "wave", "module": "own"}),
        "activation wave of 'odd'",
    ),
    (
        layer("Bidirectional", layer={"class_name": "Steps", "config": {"name": "steps"}}),
        "'steps' (Steps)",
    ),
    (layer("RNN", cell={"class_name": "Cell", "config": {"name": "inner"}}), "'inner' (Cell)"),
    (
        {
            "class_name": "Functional",
            "module": "keras.src.engine.functional",
            "config": {"name": "inner", "layers": [layer("Wobble")]},
        },
        "layers that Keras does not know: 'odd' (Wobble)",
    ),
)


@pytest.mark.parametrize(("part", "message"), CASES, ids=lambda each: str(each)[-40:])
@pytest.mark.parametrize("version", ["2.4.0", "3.9.0"])
def test_what_keras_does_not_know_is_called_what_it_is(
    tmp_path: Path, part: dict[str, Any], message: str, version: str
) -> None:
    path = h5(tmp_path / "net.h5", described(part), version)
    with pytest.raises(ModelError) as caught:
        loading.load(str(path))
    assert f"{message}." in caught.value.message or f"{message} of" in caught.value.message
    for known in ("Functional", "(Dense)", "InputLayer", "Bidirectional", "RNN"):
        assert known not in caught.value.message


def test_several_kinds_are_told_apart_in_one_sentence(tmp_path: Path) -> None:
    regularized = layer("Dense", kernel_regularizer=own("Sparse"))
    path = h5(tmp_path / "net.h5", described(layer("Wobble"), regularized), "3.9.0")
    with pytest.raises(ModelError) as caught:
        loading.load(str(path))
    text = "has parts that Keras does not know: layer 'odd' (Wobble), regularizer Sparse of 'odd'."
    assert text in caught.value.message


def test_nothing_of_a_model_that_keras_wrote_is_unknown(tmp_path: Path) -> None:
    from edgehone.graph import saved

    keras = backend.keras()
    source = keras.Input((4, 3))
    settings = {"kernel_regularizer": "l2", "kernel_constraint": "max_norm", "activation": "silu"}
    inner = keras.Sequential([keras.layers.Dense(3, **settings), keras.layers.GRU(2)])
    nested = keras.Model(source, inner(keras.ops.sin(source[:, ::2]) + 1))
    keras.Model(source, nested(source)).save(tmp_path / "net.keras")
    config = saved.read_config(tmp_path / "net.keras")
    assert saved.unknown_parts(config) == []
    assert len([*parts(config)]) > 12


def test_a_class_of_the_users_own_is_not_taken_for_a_regularizer_of_keras() -> None:
    from edgehone.graph.legacy.settings import renewed

    keras = backend.keras()

    class L2(keras.layers.Layer):  # type: ignore[misc, name-defined]  # Keras has no types
        """Divides by the length."""

    keras.saving.get_custom_objects()["L2"] = L2
    try:
        assert "module" not in renewed(layer("L2"))
        require_consent(described(layer("L2")), Path("net.h5"), trust=False)
    finally:
        keras.saving.get_custom_objects().pop("L2")
    assert class_of(layer("L2"), "layer") is None
    assert class_of(layer("L2"), "regularizer") is not None
    with pytest.raises(ModelError, match=r"'odd' \(L2\)"):
        require_consent(described(layer("L2")), Path("net.h5"), trust=False)
