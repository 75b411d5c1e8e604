"""Models that no device runs are refused in the same words by every command, before any work."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.cli.app import main
from edgehone.errors import ConversionError
from edgehone.graph import backend, loading
from edgehone.graph.supported import refusals, require_formats, require_single

pytestmark = pytest.mark.slow

PROJECT = """
[model]
teacher = "net.keras"
[data]
source = "data.npz"
[[budget]]
metric = "accuracy_drop"
max = 0.5
"""
RECIPES = '[[recipe]]\nname = "plain"\nprecision = "float32"\n'


def stack(shape: tuple[int | None, ...], *parts: Any, batch: Any = None, dtype: str = "") -> Any:
    keras = backend.keras()
    source = keras.Input(batch_shape=(batch, *shape), dtype=dtype or None, name="given")
    return keras.Sequential([source, *parts])


def vectorized(layers: Any) -> Any:
    words = layers.TextVectorization(20, output_sequence_length=6, name="words")
    words.adapt(["good film", "bad plot"])
    pooled = layers.GlobalAveragePooling1D()
    return stack((1,), words, layers.Embedding(20, 4), pooled, layers.Dense(2), dtype="string")


def embedded(layers: Any, first: Any, dtype: str) -> Any:
    return stack(
        (3,), first, layers.Embedding(9, 2), layers.Flatten(), layers.Dense(2), dtype=dtype
    )


def looked_up(layers: Any) -> Any:
    return embedded(layers, layers.StringLookup(vocabulary=["a", "b"], name="words"), "string")


def hashed(layers: Any) -> Any:
    return embedded(layers, layers.Hashing(8, name="hashes"), "int64")


def stateful(layers: Any) -> Any:
    return stack((5, 3), layers.GRU(4, stateful=True, name="steps"), layers.Dense(2), batch=4)


def stateful_both(layers: Any) -> Any:
    steps = layers.Bidirectional(layers.LSTM(4, stateful=True), name="steps")
    inner = backend.keras().Sequential([layers.Input(batch_shape=(4, 5, 3)), steps])
    return stack((5, 3), inner, layers.Dense(2), batch=4)


def of_any_size(layers: Any) -> Any:
    return stack((None, 3), layers.Conv1D(2, 3), layers.GlobalMaxPooling1D(), layers.Dense(2))


def batched(layers: Any) -> Any:
    """A layer that compares each sample with the others of its batch."""
    keras = backend.keras()
    source = keras.Input(batch_shape=(4, 6), name="given")
    x = layers.Dense(6)(source)
    return keras.Model(source, layers.Dense(2)(x - keras.ops.mean(x, axis=0, keepdims=True)))


def counting(layers: Any) -> Any:
    return stack((3,), layers.CategoryEncoding(4, name="counts"), layers.Dense(2), dtype="int64")


REFUSED: tuple[tuple[Callable[[Any], Any], str, str], ...] = (
    (vectorized, "takes text (input 'given')", "Cut the model behind 'words'"),
    (looked_up, "no such layer as 'words' (StringLookup)", "token numbers"),
    (hashed, "'hashes' (Hashing)", "after it"),
    (stateful, "keeps its state from one call to the next", "stateful=False"),
    (stateful_both, "keeps its state from one call to the next", "stateful=False"),
    (of_any_size, "has no fixed size: (None, 3)", "fixed input shape"),
    (batched, "was built for a batch of 4, and its layers need it", "exported with --batch 4"),
    (counting, "Layer 'counts' (CategoryEncoding) cannot become tflite", "after the layer"),
)
MODEL = "MODEL"
"""Stands for the whole path, by which a project knows its model."""
COMMANDS = (
    ["run"],
    ["compress", MODEL, "recipes.toml", "-o", "out", "--data", "data.npz"],
    ["export", MODEL, "-o", "out"],
    ["export", MODEL, "-o", "out", "--precision", "int8", "--calibration", "data.npz"],
)


@pytest.mark.parametrize(("build", "message", "hint"), REFUSED)
def test_every_command_refuses_a_model_in_the_same_words(
    build: Callable[[Any], Any],
    message: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    build(backend.keras().layers).save("net.keras")
    Path("edgehone.toml").write_text(PROJECT)
    Path("recipes.toml").write_text(RECIPES)
    np.savez("data.npz", x=np.array([["good film"]] * 60), y=np.arange(60) % 2)
    model, found = str(tmp_path / "net.keras"), set()
    for command in COMMANDS:
        assert main([model if word is MODEL else word for word in command]) == 5
        text = capsys.readouterr().err.replace("edgehone export ... --batch", "--batch")
        found.add(tuple(text.splitlines()[-2:]))  # but that only export has the option
        assert not Path("out").exists()
    assert len(found) == 1, found
    ((error, advice),) = found
    assert message in error
    assert hint in advice
    assert main(["inspect", model, "--json"]) == 0
    remarks = json.loads(capsys.readouterr().out)["remarks"]
    assert [f"error: {each['message']}" for each in remarks] == [error]


def test_a_model_cut_behind_its_vectorization_is_one_that_is_let_pass() -> None:
    keras = backend.keras()
    whole = vectorized(keras.layers)
    assert [*refusals(whole, "net")]
    cut = keras.Model(whole.get_layer("words").output, whole.outputs)
    require_single(cut, "net")
    assert (cut.inputs[0].dtype, cut.inputs[0].shape) == ("int64", (None, 6))


def test_a_batch_that_no_layer_needs_is_set_free(tmp_path: Path) -> None:
    keras = backend.keras()
    layers = keras.layers
    backend.seed(0)
    parts = [layers.GRU(4), layers.BatchNormalization(), layers.Dense(2)]
    model = stack((5, 3), *parts, batch=4)
    model.layers[1].set_weights([np.arange(4) + number for number in range(1, 5)])
    model.save(tmp_path / "net.keras")
    found = loading.load(str(tmp_path / "net.keras"))
    require_single(found, "net")
    assert [layer.name for layer in found.layers[1:]] == [layer.name for layer in model.layers]
    x = np.random.default_rng(0).random((8, 5, 3)).astype(np.float32)
    expected = np.concatenate([np.asarray(model(part, training=False)) for part in (x[:4], x[4:])])
    np.testing.assert_allclose(np.asarray(found(x, training=False)), expected, rtol=1e-5)


def test_a_batch_that_layers_need_can_be_exported_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    batched(backend.keras().layers).save("net.keras")
    assert main(["export", "net.keras", "-o", "out", "--batch", "4", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["artifacts"]
    assert made["parity"]["max_error"] < 1e-5
    assert main(["export", "net.keras", "-o", "out", "--batch", "8"]) == 5


def test_several_inputs_are_named_to_who_trains_them() -> None:
    keras = backend.keras()
    sources = [keras.Input((3,), name=name) for name in ("left", "right")]
    model = keras.Model(sources, keras.layers.Add()(sources))
    with pytest.raises(ConversionError, match=r"2 inputs \(left, right\)"):
        require_single(model, "net")
    assert not [*refusals(model, "net")]
    source = keras.Input((3,))
    ends = [keras.layers.Dense(2)(source), keras.layers.Dense(3)(source)]
    with pytest.raises(ConversionError, match="2 outputs"):
        require_single(keras.Model(source, ends), "net")


def test_a_layer_is_refused_when_no_format_of_those_asked_for_holds_it() -> None:
    model = counting(backend.keras().layers)
    require_formats(model, ("tflite", "onnx"))
    require_formats(model, ("onnx",))
    with pytest.raises(ConversionError, match="counts"):
        require_formats(model, ("tflite",))


def test_a_student_is_refused_before_the_teacher_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    layers = backend.keras().layers
    stack((5, 3), layers.GRU(4), layers.Dense(2)).save("net.keras")
    stateful(layers).save("student.keras")
    Path("edgehone.toml").write_text(PROJECT.replace("[data]", 'student = "student.keras"\n[data]'))
    assert main(["run"]) == 5
    text = capsys.readouterr().err
    assert "student.keras' keeps its state from one call to the next" in text
    assert "convert" not in text


def test_recipes_are_not_begun_on_a_model_that_does_not_convert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    keras = backend.keras()
    source = keras.Input((3, 3))
    inverse = keras.ops.inv(keras.layers.Dense(3)(source))
    keras.Model(source, keras.layers.Dense(2)(keras.layers.Flatten()(inverse))).save("net.keras")
    random = np.random.default_rng(0)
    np.savez("data.npz", x=random.random((60, 3, 3)), y=np.arange(60) % 2)
    Path("recipes.toml").write_text(RECIPES)
    assert main(["compress", "net.keras", "recipes.toml", "-o", "out", "--data", "data.npz"]) == 5
    text = capsys.readouterr().err
    assert "no operator for MatrixInverse" in text
    assert not Path("out").exists()
