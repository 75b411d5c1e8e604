from pathlib import Path

import numpy as np
import pytest
from tests import tflite_files

from edgehone.errors import ConversionError
from edgehone.formats._audit import audit
from edgehone.formats._base import Calibration, learned_ranges
from edgehone.formats._ranges import activation_ranges, input_moments
from edgehone.formats._samples import Border, feeds
from edgehone.formats._spread import BINS, Extremes, Histogram
from edgehone.formats._tflite.algorithms import MOST_INPUTS
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan, StepReport


@pytest.mark.parametrize("percentile", [99.9, 99.0, 90.0, 60.0])
@pytest.mark.parametrize("kind", ["normal", "relu", "outlier", "small"])
def test_histogram_cuts_off_equal_shares_to_one_bin(kind: str, percentile: float) -> None:
    random = np.random.default_rng(0)
    values = random.normal(0.3, 1, (50, 400)).astype(np.float32)
    if kind == "relu":
        values = np.maximum(values, 0)
    elif kind == "outlier":
        values[49, 7] = 300.0
    elif kind == "small":
        values *= np.float32(1e-6)
    histogram = Histogram(percentile)
    for sample in values:
        histogram.add(sample)
    low, high = histogram.range()
    tail = (100 - percentile) / 200
    one_bin = 4 * np.abs(values).max() / BINS
    assert np.mean(values < low) - 1e-9 <= tail <= np.mean(values <= low + one_bin) + 1e-9
    assert np.mean(values > high) - 1e-9 <= tail <= np.mean(values >= high - one_bin) + 1e-9
    assert values.min() <= low <= high <= values.max()


def test_histogram_is_the_same_in_any_order_of_growing_samples() -> None:
    values = np.random.default_rng(1).normal(0, 1, (20, 300)) * np.linspace(0.01, 9, 20)[:, None]
    ranges = []
    for order in (values, values[::-1]):
        histogram = Histogram(99)
        for sample in order:
            histogram.add(sample)
        ranges.append(histogram.range())
    assert ranges[0] == pytest.approx(ranges[1], abs=4 * np.abs(values).max() / BINS)
    assert ranges[0][0] < -1 < 1 < ranges[0][1]


def test_spreads_leave_out_what_is_not_finite_and_know_zeros() -> None:
    for spread in (Extremes(), Histogram(99)):
        spread.add(np.array([np.nan, np.inf, -np.inf], np.float32))
        assert spread.range() == (0, 0)
        spread.add(np.zeros(5, np.float32))
        assert spread.range() == (0, 0)
        spread.add(np.array([-np.inf, -2, 3], np.float32))
        low, high = spread.range()
        assert -2 <= low <= 0 <= high <= 3


def test_ranges_are_the_extremes_and_percentiles_lie_within() -> None:
    content, calibration = tflite_files.float_content(), tflite_files.calibration()
    whole, most = (activation_ranges(content, calibration, p) for p in (100.0, 98.0))
    x = calibration.samples[0]
    assert (whole["input"]["min"].item(), whole["input"]["max"].item()) == (x.min(), x.max())
    for name, found in whole.items():
        assert found["min"] <= most[name]["min"] <= most[name]["max"] <= found["max"]
    assert most["last"]["max"] < whole["last"]["max"]


def test_learned_ranges_take_the_place_of_calibrated_ones_in_the_file(tmp_path: Path) -> None:
    learned = {"last": (-3.0, 5.0), "unknown": (0.0, 1.0)}
    calibration = Calibration(tflite_files.calibration().samples, learned)
    file = tmp_path / "learned.tflite"
    TFLite().quantize(tflite_files.float_file(tmp_path), PrecisionPlan("int8"), calibration, file)
    border = audit(file)["outputs"][0]
    assert border["scale"] == pytest.approx(8 / 255, rel=1e-5)
    assert border["zero_point"] == round(-128 + 3 / (8 / 255))


def report(skipped: str = "", **detail: object) -> StepReport:
    return StepReport("step", {}, (1, 1), (1, 1), (4, 4), skipped=skipped, detail=detail)


def test_learned_ranges_are_those_of_the_last_step() -> None:
    steps = [report(ranges={"a": [0, 1]}), report(ranges={"b": [-1, 2]})]
    assert learned_ranges(steps) == {"b": (-1.0, 2.0)}
    assert learned_ranges([*steps, report("it would save nothing")]) == {"b": (-1.0, 2.0)}
    assert learned_ranges([]) == {}


def test_ranges_of_a_model_that_was_changed_since_are_forgotten() -> None:
    learned = report(ranges={"a": [0, 1]})
    assert learned_ranges([learned, report()]) == {}
    assert learned_ranges([learned, report("left out"), report(losses=[0.1])]) == {}


def test_moments_are_those_of_what_the_dense_layer_reads() -> None:
    from edgehone.formats._interpreter import open_interpreter

    content, calibration = tflite_files.float_content(), tflite_files.calibration(5)
    interpreter = open_interpreter(content, keep_activations=True)
    index = {d["name"]: d["index"] for d in interpreter.get_tensor_details()}["middle"]
    rows = []
    for sample in calibration.samples[0]:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], sample[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(index).reshape(1, 144))
    wanted = np.concatenate(rows).T @ np.concatenate(rows) / sum(map(len, rows))
    found = input_moments(content, calibration, MOST_INPUTS)
    assert set(found) == {"middle"}
    np.testing.assert_allclose(found["middle"], wanted, rtol=1e-4, atol=1e-6)
    assert input_moments(content, calibration, 143) == {}


BORDERS = (Border("ids", (1, 4), np.int32), Border("extra", (1, 2), np.float32))


def test_feeds_keep_identifiers_whole_and_fill_up_the_last_batch() -> None:
    ids = np.arange(12, dtype=np.int64).reshape(3, 4)
    extra = np.arange(6, dtype=np.float64).reshape(3, 2)
    single = list(feeds(BORDERS, Calibration((ids, extra))))
    assert [feed[0].tolist() for feed in single] == [[row] for row in ids.tolist()]
    assert {(feed[0].dtype.name, feed[1].dtype.name) for feed in single} == {("int32", "float32")}
    pairs = [Border("ids", (2, 4), np.int32), Border("extra", (2, 2), np.float32)]
    double = list(feeds(pairs, Calibration((ids, extra))))
    assert [feed[0].tolist() for feed in double] == [ids[:2].tolist(), ids[[2, 2]].tolist()]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ((), "none"),
        ((np.zeros((0, 4)), np.zeros((0, 2))), "none"),
        ((np.zeros((3, 4)),), "1 inputs"),
        ((np.zeros((3, 4)), np.zeros((2, 2))), "'extra' has 2"),
        ((np.zeros((3, 5)), np.zeros((3, 2))), r"\(5,\)"),
        ((np.full((3, 4), 0.5), np.zeros((3, 2))), "not whole"),
        ((np.full((3, 4), np.nan), np.zeros((3, 2))), "not whole"),
    ],
)
def test_feeds_say_which_samples_do_not_fit(
    samples: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...], message: str
) -> None:
    with pytest.raises(ConversionError, match=message) as caught:
        feeds(BORDERS, Calibration(samples))
    assert caught.value.hint
