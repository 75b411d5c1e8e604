from typing import Any

import numpy as np
import pytest

from edgehone.measure.input_range import (
    InputRange,
    clipped,
    clipped_inputs,
    fed,
    input_ranges,
    only_input,
)

UINT8_UNIT = InputRange("x", "uint8", 1 / 255, 0)
UINT8_SIGNED = InputRange("x", "uint8", 1 / 127.5, 128)
INT8_UNIT = InputRange("x", "int8", 1 / 255, -128)
INT8_SIGNED = InputRange("x", "int8", 1 / 128, 0)
INT16 = InputRange("x", "int16", 1 / 32768, 0)
LABELS = np.arange(40)


def images(kind: Any = np.uint8) -> Any:
    """(40, 4, 4, 1) bytes, from 0 to 255."""
    found = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 1))
    found[0, 0, 0, 0], found[1, 0, 0, 0] = 0, 255
    return found.astype(kind)


def stored(x: Any, port: InputRange) -> Any:
    """The numbers a runtime makes of samples, one by one."""
    low, high = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}[port.dtype]
    rounded = [round(float(value) / port.scale) + port.zero_point for value in x.flat]
    return np.reshape([min(max(value, low), high) for value in rounded], x.shape)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.int64])
@pytest.mark.parametrize("port", [UINT8_UNIT, UINT8_SIGNED, INT8_UNIT, INT8_SIGNED])
def test_bytes_reach_a_byte_input_as_they_are(port: InputRange, kind: Any) -> None:
    found = fed(images(kind), LABELS, port, raw=True)
    assert found.bytes
    assert (stored(found.x, port) == images(int) - (128 if port.dtype == "int8" else 0)).all()
    assert found.y is LABELS
    assert clipped(found.x, port) == {"values": 0.0, "samples": 0.0}


def test_signed_bytes_reach_a_signed_input_as_they_are() -> None:
    x = images(int) - 128
    found = fed(x, LABELS, INT8_UNIT, raw=True)
    assert (stored(found.x, INT8_UNIT) == x).all()
    assert not fed(x, LABELS, UINT8_UNIT, raw=True).bytes


def test_targets_that_are_the_samples_go_the_same_way() -> None:
    x = images(np.float32)
    found = fed(x, x.copy(), UINT8_UNIT, raw=True)
    np.testing.assert_allclose(found.y, x / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "port", "raw"),
    [
        (images(), UINT8_UNIT, False),  # somebody said how they are scaled
        (images(), None, True),  # a float input
        (images(), InputRange("x", "uint8", 1.0, 0), True),  # it holds 0 to 255 as numbers
        (images(), INT16, True),
        (images(), InputRange("x", "int8", 1 / 255, -128, direct=False), True),
        (images() / 255, UINT8_UNIT, True),  # scaled already
        (images() // 16, UINT8_UNIT, True),  # grey levels from 0 to 15
        (images(int) * 2, UINT8_UNIT, True),  # more than a byte
        (images(int) - 200, INT8_UNIT, True),
        (images().reshape(40, 16) + 0.25, UINT8_UNIT, True),  # features that are no bytes
    ],
)
def test_what_is_meant_otherwise_stays_as_it_is(x: Any, port: InputRange | None, raw: bool) -> None:
    found = fed(x, LABELS, port, raw=raw)
    assert not found.bytes
    assert found.x is x


def test_images_with_fractions_of_resizing_are_bytes_too() -> None:
    found = fed(images(np.float32) * np.float32(0.9), LABELS, UINT8_UNIT, raw=True)
    assert found.bytes
    assert (stored(found.x, UINT8_UNIT) == np.rint(images(np.float32) * np.float32(0.9))).all()


@pytest.mark.parametrize("port", [UINT8_UNIT, UINT8_SIGNED, INT8_SIGNED, INT16])
def test_clipped_counts_what_is_lost_beyond_one_step(port: InputRange) -> None:
    x = np.random.default_rng(1).normal(0.5, 0.6, (30, 7)).astype(np.float32)
    lost = [
        [
            float(value) < port.low - port.scale or float(value) > port.high + port.scale
            for value in row
        ]
        for row in x
    ]
    found = clipped(x, port)
    assert 0 < found["values"] < found["samples"] <= 1
    assert found["values"] == pytest.approx(sum(map(sum, lost)) / x.size)
    assert found["samples"] == pytest.approx(sum(map(any, lost)) / len(x))


def test_a_step_beyond_the_end_is_rounding() -> None:
    port = InputRange("x", "uint8", 1 / 256, 0)
    assert clipped(np.ones((3, 2)), port)["values"] == 0.0
    assert clipped(np.full((3, 2), 1.01), port)["values"] == 1.0


def test_input_ranges_know_inputs_that_are_quantized_at_once() -> None:
    behind = {"dtype": "int8", "scale": 0.5, "zero_point": 3}
    ports = [
        {"name": "a", "dtype": "float32", "scale": None, "zero_point": None},
        {"name": "b", "dtype": "int16", "scale": 0.25, "zero_point": 0},
        {"name": "c", "dtype": "float32", "scale": None, "quantized_as": behind},
        {"name": "d", "dtype": "int32", "scale": 0.5, "zero_point": 0},
    ]
    none, plain, inner, wide = input_ranges({"inputs": ports})
    assert (none, wide) == (None, None)
    assert plain == InputRange("b", "int16", 0.25, 0)
    assert inner == InputRange("c", "int8", 0.5, 3, direct=False)
    assert (inner.low, inner.high) == (-65.5, 62.0)
    assert only_input({"inputs": ports}) is None
    assert only_input({"inputs": ports[1:2]}) == plain
    assert only_input(None) is None
    text = clipped_inputs([np.full((2, 1), 100.0)] * 4, {"inputs": ports}, "calibration")
    assert [each["name"] for each in text] == ["b", "c"]
    assert text[1]["clipped"] == {"calibration": {"values": 1.0, "samples": 1.0}}
