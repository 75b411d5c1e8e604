"""Data that do not fit into memory are the same samples, splits, errors and hashes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehone.data import DataSet, DataSettings, load, load_evaluation, load_samples
from edgehone.errors import DataError
from edgehone.measure.input_range import InputRange, clipped, fed
from edgehone.system.bounds import MIB
from edgehone.system.rows import LazyRows, parts
from edgehone.tasks.robustness import with_noise

COUNT = 2000
BYTES = np.random.default_rng(0).integers(0, 256, (COUNT, 7, 9)).astype(np.uint8)
LABELS = np.arange(COUNT) % 3
SCALED = DataSettings(scale=1 / 255, offset=-0.5, input_shape=(7, 9, 1), seed=4)


def saved(folder: Path, x: np.ndarray = BYTES) -> str:
    np.savez(folder / "data.npz", x=x, y=LABELS)
    return str(folder / "data.npz")


def small(settings: DataSettings) -> DataSettings:
    return replace(settings, memory=MIB)


def require_equal(found: DataSet, expected: DataSet) -> None:
    assert found.sha256 == expected.sha256
    assert found.taught_count == expected.taught_count
    for name in ("train", "validation", "test"):
        one, other = getattr(found, name), getattr(expected, name)
        assert isinstance(one.x, LazyRows)
        assert isinstance(other.x, np.ndarray)
        assert one.x.dtype == other.x.dtype
        assert np.array_equal(one.x, other.x)
        assert np.array_equal(one.y, other.y)
        assert max(part.nbytes for part in parts(one.x)) <= MIB / 16
    assert np.array_equal(found.calibration(30, 2), expected.calibration(30, 2))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("uint8", SCALED),
        ("float64", SCALED),
        ("float32", replace(SCALED, scale=1.0, offset=0.0)),
        ("bool", replace(SCALED, limit=300)),
        ("uint8", replace(SCALED, scale=1.0, offset=0.0, input_dtype="uint8")),
        ("int64", DataSettings(input_dtype="int32", input_shape=(63,))),
    ],
)
def test_lazy_data_are_the_data(kind: str, settings: DataSettings, tmp_path: Path) -> None:
    source = saved(tmp_path, BYTES.astype(kind))
    require_equal(load(source, small(settings)), load(source, settings))
    one, other = (load_evaluation(source, each).split for each in (small(settings), settings))
    assert np.array_equal(one.x, other.x)
    samples = load_samples(source, small(settings)).x
    assert isinstance(samples, LazyRows)
    assert np.array_equal(samples, load_samples(source, settings).x)


def test_lazy_samples_without_labels_are_those_samples(tmp_path: Path) -> None:
    np.save(tmp_path / "more.npy", BYTES[::-1])
    settings = replace(SCALED, unlabelled=str(tmp_path / "more.npy"), limit=700)
    source = saved(tmp_path)
    lazy, plain = load(source, small(settings)), load(source, settings)
    require_equal(lazy, plain)
    assert lazy.unlabelled is not None
    assert plain.unlabelled is not None
    assert np.array_equal(lazy.unlabelled, plain.unlabelled)


@pytest.mark.parametrize(
    ("place", "value", "settings"),
    [
        (1500, np.nan, SCALED),
        (1999, 1e39, SCALED),
        (3, 1e30, replace(SCALED, scale=1e10)),
        (0, 0, replace(SCALED, input_shape=(5, 5))),
        (1700, 0.5, replace(SCALED, scale=1.0, offset=0.0, input_dtype="uint8")),
    ],
)
def test_what_is_wrong_is_told_in_the_same_words(
    place: int, value: float, settings: DataSettings, tmp_path: Path
) -> None:
    x = BYTES.astype(np.float64)
    x[place, 2, 2] = value
    source, told = saved(tmp_path, x), []
    for each in (settings, small(settings)):
        with pytest.raises(DataError) as error:
            load(source, each)
        told.append((error.value.message, error.value.hint))
    assert told[0] == told[1]


def test_noise_does_not_depend_on_how_samples_are_gone_through(tmp_path: Path) -> None:
    source = saved(tmp_path)
    lazy, plain = (load(source, each).test.x for each in (small(SCALED), SCALED))
    noisy, expected = with_noise(lazy, seed=3), with_noise(plain, seed=3)
    assert isinstance(noisy, LazyRows)
    assert expected is not None
    assert np.array_equal(noisy, expected)
    rows = np.random.default_rng(1).permutation(len(plain))[:50]
    assert np.array_equal(noisy[rows], expected[rows])
    values = np.asarray(plain, np.float64)
    drawn = np.random.default_rng(3).normal(0, 0.1 * values.std(), values.shape)
    slow = np.clip(values + drawn, values.min(), values.max())
    np.testing.assert_allclose(expected, slow, atol=1e-6)


@pytest.mark.parametrize("scale", [1 / 255, 0.5 / 255])
def test_quantized_inputs_take_and_clip_lazy_samples_alike(scale: float, tmp_path: Path) -> None:
    source, plain = saved(tmp_path), replace(SCALED, scale=1.0, offset=0.0)
    port = InputRange("image", "int8", scale, -128)
    lazy, whole = (load(source, each).test for each in (small(plain), plain))
    one, other = (fed(each.x, each.y, port, raw=True) for each in (lazy, whole))
    assert one.bytes
    assert other.bytes
    assert isinstance(one.x, LazyRows)
    assert np.array_equal(one.x, other.x)
    for x in (lazy.x, one.x):
        assert clipped(x, port) == clipped(np.asarray(x), port)
    assert clipped(lazy.x, port)["values"] > 0.5
