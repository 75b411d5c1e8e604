"""Functions of batches before the model: applied in batches, by name, and as numbers for apps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.data import DataSettings, load, load_samples
from edgehone.data.preprocessing import affine, preprocessed
from edgehone.errors import ConfigError, DataError

Array = NDArray[Any]

FUNCTIONS = """
import numpy as np
MEAN = np.array([1.0, 2.0, 3.0], np.float32)
def centred(x):
    assert len(x) <= 256
    x -= MEAN
    return x / 2
def twisted(x): return x[..., ::-1] * 2
def squared(x): return x * x
def smaller(x): return x[:, :1]
def failing(x): raise RuntimeError("no")
def texts(x): return x.astype(str)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    module = f"functions_of_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{module}.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"python:{module}"


def test_samples_are_scaled_then_preprocessed(tmp_path: Path, own: str) -> None:
    x = np.random.default_rng(0).integers(0, 256, (600, 4, 3)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(600) % 2)
    settings = DataSettings(scale=0.5, preprocess=f"{own}:centred")
    wanted = (x.astype(np.float32) * np.float32(0.5) - np.array([1, 2, 3], np.float32)) / 2
    for memory in (2**31, 1000):  # in memory, and read in batches
        about = DataSettings(**{**vars(settings), "memory": memory})
        found = load_samples(str(tmp_path / "data.npz"), about).x
        assert np.array_equal(np.asarray(found), wanted)
    plain = load(str(tmp_path / "data.npz"), DataSettings(scale=0.5))
    assert load(str(tmp_path / "data.npz"), settings).sha256 != plain.sha256


def test_functions_that_do_the_same_to_a_channel_are_numbers(own: str) -> None:
    scales, offsets = affine(f"{own}:centred", (4, 5, 3)) or ((), ())
    assert scales == pytest.approx((0.5,) * 3)
    assert offsets == pytest.approx((-0.5, -1.0, -1.5), abs=1e-5)
    for other in ("twisted", "squared"):
        assert affine(f"{own}:{other}", (4, 5, 3)) is None


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("smaller", DataError, r"makes samples of shape \(1,\) \(float32\) of \(3,\)"),
        ("texts", DataError, "makes samples"),
        ("failing", DataError, r"failed \(RuntimeError: no\)"),
        ("missing", ConfigError, "has no function 'missing'"),
    ],
)
def test_functions_that_cannot_be_used(
    own: str, name: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        preprocessed(np.ones((2, 3), np.float32), f"{own}:{name}")


def test_names_that_are_none() -> None:
    with pytest.raises(ConfigError, match=r"Unknown function 'os\.system'") as caught:
        preprocessed(np.ones((2, 3), np.float32), "os.system")
    assert "keras.applications" in caught.value.hint


@pytest.mark.slow
def test_functions_of_keras_by_name() -> None:
    name = "keras.applications.{}.preprocess_input"
    x = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    found = preprocessed(x, name.format("mobilenet_v2"))
    assert found == pytest.approx(x / 127.5 - 1, abs=1e-6)
    scales, offsets = affine(name.format("mobilenet_v2"), (4, 4, 3)) or ((), ())
    assert scales == pytest.approx((1 / 127.5,))
    assert offsets == pytest.approx((-1.0,))
    _, offsets = affine(name.format("densenet"), (4, 4, 3)) or ((), ())
    assert offsets == pytest.approx((-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225), abs=1e-4)
    assert affine(name.format("resnet"), (4, 4, 3)) is None  # it swaps red and blue
    for wrong in ("mobilenet_v9", "mobilenet_v2.nothing"):
        with pytest.raises(ConfigError, match="Unknown function 'keras"):
            preprocessed(x, name.format(wrong))
