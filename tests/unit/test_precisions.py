import pytest

from edgehone import precisions
from edgehone.errors import UsageError
from edgehone.precisions import TABLE, family, leading, matching, named, surroundings

FAMILIES = {
    "int8": ("int8", "int8x4", "int16x8", "float32"),
    "dynamic8": ("dynamic8", "dynamic4", "float32"),
    "float16": ("float16",),
    "float32": ("float32", "dynamic8", "weights4"),
}
WEIGHT_BYTES = {
    "float32": 4,
    "float16": 2,
    "dynamic8": 1,
    "int8": 1,
    "int8x4": 0.5,
    "int16x8": 1,
    "dynamic4": 0.5,
    "weights4": 0.5,
}


def test_names_are_the_rows_each_once() -> None:
    assert precisions.names() == tuple(WEIGHT_BYTES)
    assert {row.name: row.weight_bytes for row in TABLE} == WEIGHT_BYTES


def test_static_ones_compute_in_integers_throughout() -> None:
    assert precisions.static() == ("int8", "int8x4", "int16x8")
    found = {row.name: row.activation_bytes for row in TABLE if row.static}
    assert found == {"int8": 1, "int8x4": 1, "int16x8": 2}
    assert {row.activation_bytes for row in TABLE if not row.static} == {4}


def test_a_family_begins_with_its_default_and_ends_with_float32() -> None:
    assert {name: family(name) for name in leading()} == FAMILIES
    assert [family(name) for name in ("int8x4", "dynamic4")] == [("int8x4",), ("dynamic4",)]


def test_rows_refer_to_rows() -> None:
    for row in TABLE:
        assert set(row.beside) <= set(leading())
        assert row.leads == (row.name in row.beside)
        assert row.fallback == "" or not named(row.fallback).four_bits
        assert bool(row.fallback) == row.four_bits
        assert row.summary


@pytest.mark.parametrize(
    ("precision", "default", "converts"),
    [
        ("int8", "int8", False),
        ("int8x4", "int8", False),
        ("int16x8", "int8", True),
        ("float32", "int8", True),
        ("weights4", "float32", False),
        ("dynamic8", "float32", False),
        ("int8", "float32", True),
    ],
)
def test_layers_are_converted_where_activations_differ(
    precision: str, default: str, converts: bool
) -> None:
    assert surroundings(precision, default) == (default if converts else "")


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="Unknown precision 'int3'") as caught:
        named("int3")
    assert "int16x8 (16-bit activations, 8-bit weights)" in caught.value.hint


def test_bits_and_arithmetic_name_one_precision_at_most() -> None:
    for row in TABLE:
        assert matching(row.computes, row.weight_bits, row.activation_bits) == row.name
    assert matching("integer", 4, 16) is None
