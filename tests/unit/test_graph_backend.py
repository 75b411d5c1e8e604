"""Keras brought up quietly and seeded."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.graph import backend
from edgehone.graph.loading import load
from edgehone.graph.rewrite import rewrite
from edgehone.system import processes
from edgehone.system.quiet_stderr import quiet_stderr


def test_the_graph_package_does_not_import_tensorflow() -> None:
    modules = "backend costs fold groups importance loading rebuild rewrite saved widths"
    code = f"import sys\nfrom edgehone.graph import {', '.join(modules.split())}\n"
    code += "print([name for name in ('tensorflow', 'keras', 'h5py') if name in sys.modules])"
    child = processes.run([sys.executable, "-c", code], timeout_s=60)
    assert child.stdout.strip() == "[]", child.stderr


@pytest.mark.parametrize(
    ("error", "shown"), [(None, False), (ImportError, True), (KeyboardInterrupt, False)]
)
def test_what_libraries_say_is_shown_when_they_fail_and_not_when_interrupted(
    capfd: pytest.CaptureFixture[str], error: type[BaseException] | None, shown: bool
) -> None:
    with contextlib.suppress(ImportError, KeyboardInterrupt), quiet_stderr():
        os.write(2, b"chatter")
        if error:
            raise error
    assert ("chatter" in capfd.readouterr().err) is shown


@pytest.mark.slow
def test_keras_comes_up_on_tensorflow_without_a_word() -> None:
    code = "from edgehone.graph import backend\nimport os\n"
    code += "assert backend.keras() is backend.keras()\n"
    code += "print(backend.keras().backend.backend())\nos.write(2, b'still here')"
    environment = {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "0"}
    child = processes.run([sys.executable, "-c", code], timeout_s=120, environment=environment)
    assert child.stdout.strip() == "tensorflow"
    assert child.stderr == "still here"


LOADING = """
import gc
from edgehone.graph import backend
from edgehone.system.quiet_stderr import quiet_stderr
if {collecting}: gc.enable()
else: gc.disable()
if {loaded}: import tensorflow
backend.keras()
print(gc.isenabled(), gc.get_freeze_count() > 100_000)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("collecting", "loaded"), [(True, False), (False, False), (True, True)])
def test_the_collector_leaves_the_libraries_alone_and_goes_on(
    collecting: bool, loaded: bool
) -> None:
    code = LOADING.format(collecting=collecting, loaded=loaded)
    child = processes.run([sys.executable, "-c", code], timeout_s=120)
    assert child.stdout.split() == [str(collecting), str(not loaded)]


@pytest.mark.slow
def test_seed_repeats_initial_weights() -> None:
    drawn = []
    for number in (5, 5, 6):
        backend.seed(number)
        drawn.append(np.asarray(backend.keras().random.normal((4,))))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


@pytest.mark.slow
def test_names_that_are_reserved_are_given_to_nothing_new() -> None:
    keras = backend.keras()
    soon = keras.backend.get_uid("dense")
    taken = [f"dense_{soon}", f"dense_{soon + 2}", "add", "odd", "", f"dense_{10**12}"]
    backend.reserve(taken)
    assert keras.layers.Dense(1).name == f"dense_{soon + 3}"
    assert keras.layers.Add().name not in taken
    before = keras.layers.Dense(1).name
    backend.reserve(taken)
    assert keras.layers.Dense(1).name not in (*taken, before)


@pytest.mark.slow
def test_consent_to_one_model_is_consent_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = backend.keras()
    (tmp_path / "consented_to.py").write_text(
        "import keras\n"
        "def build():\n"
        "    keras.config.enable_unsafe_deserialization()\n"
        "    keras.config.set_image_data_format('channels_first')\n"
        "    keras.config.set_dtype_policy('mixed_float16')\n"
        "    keras.config.set_epsilon(0.5)\n"
        "    return keras.Sequential(\n"
        "        [keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name='double')]\n"
        "    )\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def switches() -> list[Any]:
        config = keras.config
        safe = serialization_lib.in_safe_mode()
        return [safe, config.image_data_format(), config.dtype_policy().name, config.epsilon()]

    from keras.src.saving import serialization_lib

    before = switches()
    built = load("python:consented_to:build")
    assert switches() == before
    built.save(tmp_path / "net.keras")
    trusted = load(str(tmp_path / "net.keras"), trust=True)
    assert switches() == before
    for model in (built, trusted):  # what is in memory has been consented to, and may be copied
        copy = rewrite(model, lambda _: None)
        np.testing.assert_array_equal(np.asarray(copy(np.ones((1, 3)))), 2)
    described = keras.saving.serialize_keras_object(trusted.get_layer("double"))
    with pytest.raises(ValueError, match="lambda"):
        keras.saving.deserialize_keras_object(described)
    assert switches() == before
    sys.modules.pop("consented_to")
