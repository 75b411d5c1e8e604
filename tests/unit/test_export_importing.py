"""A Keras model as exporting needs it: read, described and run in the converter's child process."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone import units
from edgehone.errors import ConversionError, ExecutionError, ModelError, UsageError
from edgehone.export.conversion import PLAIN, Converter, Layout
from edgehone.export.importing import Imported, Source, import_model
from edgehone.export.ports import Port
from edgehone.graph import backend, loading
from edgehone.values import Event, silent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with Converter(trust=True) as found:
        yield found


def network() -> Any:
    """Two inputs and two outputs, which vary with their inputs."""
    backend.seed(5)
    layers = backend.keras().layers
    numbers, words = layers.Input((4,), name="numbers"), layers.Input((3,), name="words")
    scaled = layers.Rescaling(1 / 255, name="scaled")(numbers)
    joined = layers.Concatenate(name="joined")([scaled, layers.Dense(5, name="hidden")(words)])
    outputs = [layers.Dense(n, name=f"out{n}")(joined) for n in (1, 2)]
    return backend.keras().Model([numbers, words], outputs)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "net.keras"
    network().save(path)
    return path


def source(model: str | Path, folder: Path, layout: Layout = PLAIN) -> Source:
    return Source(str(model), folder / "kept.keras", ("tflite",), layout)


def samples(count: int = 7) -> tuple[Any, ...]:
    random = np.random.default_rng(0)
    return tuple(random.random((count, width), dtype=np.float32) for width in (4, 3))


@pytest.fixture(scope="module")
def imported(converter: Converter, file: Path, tmp_path_factory: Any) -> Imported:
    folder: Path = tmp_path_factory.mktemp("kept")
    return import_model(source(file, folder), converter, silent)


def test_a_model_is_described_as_it_would_be_here(
    imported: Imported, file: Path, tmp_path: Path
) -> None:
    expected = loading.save(loading.load(str(file)), tmp_path / "here.keras")
    assert imported.model.sha256 == expected.sha256
    assert (imported.model.params, imported.model.macs) == (expected.params, expected.macs)
    assert imported.model.path.is_file()
    assert imported.ports == (
        Port("numbers", (4,), "float32"),
        Port("words", (3,), "float32"),
    )
    assert imported.scaling.layers == (f"Rescaling 'scaled' ({units.TIMES} 0.003922)",)
    assert imported.scaling.expects == (0.0, 255.0)


def test_outputs_are_those_of_the_model(imported: Imported) -> None:
    inputs = samples()
    found = imported.compute(inputs)
    expected = network().predict(list(inputs), verbose=0)
    assert [each.shape for each in found] == [(7, 1), (7, 2)]
    for mine, theirs in zip(found, expected, strict=True):
        assert np.ptp(theirs) > 0.1
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_outputs_are_computed_by_a_new_child_when_the_first_is_gone(
    imported: Imported, converter: Converter
) -> None:
    before = imported.compute(samples())
    converter.close()
    for mine, theirs in zip(imported.compute(samples()), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_samples_that_the_model_cannot_take_are_an_error(imported: Imported) -> None:
    numbers, words = samples()
    with pytest.raises(ExecutionError, match="cannot be run on the samples"):
        imported.compute((numbers[:, :2], words))
    assert imported.compute((numbers, words))  # and the child goes on


def test_errors_are_those_of_loading_it_here(converter: Converter, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.keras"
    damaged.write_bytes(b"no archive")
    for path in (damaged, tmp_path / "missing.keras"):
        with pytest.raises(ModelError) as here:
            loading.load(str(path))
        with pytest.raises(ModelError) as there:
            import_model(source(path, tmp_path), converter, silent)
        assert there.value.message == here.value.message
        assert there.value.hint == here.value.hint
        assert type(there.value) is type(here.value)
    assert not (tmp_path / "kept.keras").exists()


def test_code_in_a_file_needs_consent(converter: Converter, tmp_path: Path) -> None:
    layers = backend.keras().layers
    start = layers.Input((2,))
    model = backend.keras().Model(start, layers.Lambda(lambda x: x * 2)(start))
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(ModelError, match="Lambda"):
        import_model(source(tmp_path / "lambda.keras", tmp_path), converter, silent)


def test_a_model_that_no_file_can_hold_is_refused(converter: Converter, tmp_path: Path) -> None:
    layers = backend.keras().layers
    open_size = layers.Input((None, 2))
    free = backend.keras().Model(open_size, layers.Dense(2)(open_size))
    free.save(tmp_path / "free.keras")
    with pytest.raises(ConversionError, match="has no fixed size"):
        import_model(source(tmp_path / "free.keras", tmp_path), converter, silent)


def test_a_function_of_the_users_runs_here(
    converter: Converter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models_made_here.py").write_text(
        "import keras, os\n"
        "def build():\n"
        "    global pid\n"
        "    pid = os.getpid()\n"
        "    start = keras.Input((2,), name='start')\n"
        "    return keras.Model(start, keras.layers.Dense(3)(start))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    events: list[Event] = []
    found = import_model(
        source("python:models_made_here:build", tmp_path), converter, events.append
    )
    assert sys.modules["models_made_here"].pid == os.getpid()
    assert found.ports == (Port("start", (2,), "float32"),)
    assert found.compute((np.ones((4, 2), np.float32),))[0].shape == (4, 3)


def test_a_child_that_ends_while_it_reads_a_model_is_an_error(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layers_that_end.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Converter(trust=True, custom=("python:layers_that_end",)) as ending:
        with pytest.raises(ModelError, match="Reading or running the model ended by") as raised:
            import_model(source(file, tmp_path), ending, silent)
        assert raised.value.hint


def test_without_tensorflow_it_is_said_what_to_install(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('No module named tensorflow')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with Converter(trust=True) as bare, pytest.raises(UsageError, match="needs TensorFlow"):
        import_model(source(file, tmp_path), bare, silent)
