"""Lazy rows are what the array would be, in whatever order and size they are asked for."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.system.arrays import mapped as mapped_file
from edgehone.system.arrays import save
from edgehone.system.file_map import give_back
from edgehone.system.rows import (
    Array,
    Changed,
    LazyRows,
    Rows,
    bounds,
    changed,
    joined,
    mapped,
    part_size,
    parts,
    taken,
)

BYTES = np.random.default_rng(0).integers(0, 256, (23, 4, 3)).astype(np.uint8)
FLOATS = BYTES.astype(np.float32) * np.float32(0.5)


def half(values: Array) -> Array:
    return np.asarray(values.astype(np.float32) * np.float32(0.5))


def lazy(part_bytes: int = 5 * 4 * 12, base: Array = BYTES) -> Changed:
    return Changed(base, half, (4, 3), np.dtype(np.float32), part_bytes)


def same(found: Rows, expected: Array) -> bool:
    assert (found.shape, found.dtype, found.ndim) == (expected.shape, expected.dtype, expected.ndim)
    return np.array_equal(np.asarray(found), expected)


@given(st.lists(st.integers(0, 22), max_size=40), st.integers(0, 23), st.integers(0, 23))
def test_rows_are_those_of_the_array(order: list[int], start: int, stop: int) -> None:
    rows, x = np.array(order, np.int64), lazy()
    assert np.array_equal(x[rows], FLOATS[rows])
    assert np.array_equal(x[start:stop], FLOATS[start:stop])
    again = taken(x, rows)
    assert isinstance(again, LazyRows)
    assert same(again, FLOATS[rows])
    backwards = np.arange(len(rows))[::-1]
    assert same(taken(again, backwards), FLOATS[rows][::-1])
    both = joined(x, again, FLOATS[:2])
    expected = np.concatenate([FLOATS, FLOATS[rows], FLOATS[:2]])
    assert same(both, expected)
    mixed = np.random.default_rng(1).permutation(len(expected))
    assert same(taken(both, mixed), expected[mixed])


def test_single_rows_masks_and_types() -> None:
    x, mask = lazy(), np.arange(23) % 3 == 1
    for index in (0, 7, -1):
        assert np.array_equal(x[index], FLOATS[index])
    assert np.array_equal(x[mask], FLOATS[mask])
    assert same(taken(x, mask), FLOATS[mask])
    assert same(taken(FLOATS, mask), FLOATS[mask])
    assert np.asarray(x, np.float64).dtype == np.float64
    assert bounds(x) == bounds(FLOATS) == (FLOATS.min(), FLOATS.max())
    assert same(changed(x, np.rint, np.float32), np.rint(FLOATS))
    assert same(changed(FLOATS, np.rint, np.float32), np.rint(FLOATS))
    with pytest.raises(IndexError):
        x[np.array([23])]


def test_parts_hold_what_they_may_in_whole_batches() -> None:
    assert [len(part) for part in parts(lazy())] == [5, 5, 5, 5, 3]
    assert [len(part) for part in parts(lazy(), 2)] == [4] * 5 + [3]
    assert [len(part) for part in parts(lazy(1), 8)] == [8, 8, 7]
    assert [len(part) for part in parts(FLOATS, 8)] == [23]
    assert part_size(lazy(1)) == 1
    sums = partial(np.sum, axis=(1, 2))
    assert np.array_equal(mapped(sums, lazy(), 2), sums(FLOATS))


def test_lazy_rows_are_saved_as_numpy_saves_the_array(tmp_path: Path) -> None:
    for name, values in (
        ("lazy", lazy()),
        ("array", FLOATS),
        ("turned", np.asfortranarray(FLOATS)),
    ):
        save(tmp_path / f"{name}.npy", values)
    np.save(tmp_path / "numpy.npy", FLOATS)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_rows_of_a_file_outlive_its_pages(tmp_path: Path) -> None:
    save(tmp_path / "x.npy", BYTES)
    x = lazy(base=mapped_file(tmp_path / "x.npy"))
    as_stored = Changed(x.base, np.asarray, (4, 3), BYTES.dtype, 100)
    first, kept = x[:9], as_stored[3:9]
    give_back(np.asarray(x.base))
    assert np.array_equal(first, FLOATS[:9])
    assert np.array_equal(kept, BYTES[3:9])
    assert not np.may_share_memory(kept, np.asarray(x.base))
    give_back(FLOATS)  # nothing of a file
    assert same(x, FLOATS)


def test_pages_that_are_given_back_are_read_again_from_the_file(tmp_path: Path) -> None:
    save(tmp_path / "x.npy", BYTES)
    found = mapped_file(tmp_path / "x.npy")
    found[0] = 1
    assert (found[0] == 1).all()
    give_back(found[3:5].reshape(-1))
    assert np.array_equal(found, BYTES)
