"""Weights of fully connected layers share a scale where that loses nothing."""

from pathlib import Path

import numpy as np
from tests import tflite_files

from edgehone.formats._tflite.granularity import shares_a_scale
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

RANDOM = np.random.default_rng(0)


def test_channels_that_are_alike_share_a_scale_and_a_weaker_one_does_not() -> None:
    kernel = RANDOM.normal(size=(32, 200)).astype(np.float32)
    assert shares_a_scale(kernel)
    kernel[3] /= 4  # 12 dB less signal in the same noise: about 28 dB
    assert not shares_a_scale(kernel)
    kernel[3] = 0
    assert shares_a_scale(kernel)
    assert not shares_a_scale(kernel[:1])
    assert not shares_a_scale(np.zeros((4, 4), np.float32))


def test_the_noise_is_that_of_rounding_every_weight() -> None:
    kernel = RANDOM.normal(size=(16, 400)) * np.linspace(1, 0.8, 16)[:, None]
    step = np.abs(kernel).max() / 127
    rounded = np.array([[step * round(float(w) / step) for w in row] for row in kernel])
    signal, noise = (kernel**2).sum(axis=1), ((rounded - kernel) ** 2).sum(axis=1)
    assert (10 * np.log10(signal / noise)).min() > 38
    assert shares_a_scale(kernel.astype(np.float32))


def test_a_shared_scale_takes_24_bytes_a_channel_less_and_is_part_of_the_notes(
    tmp_path: Path,
) -> None:
    source = tflite_files.float_file(tmp_path)
    file = tmp_path / "out.tflite"
    calibration = tflite_files.calibration()
    notes = TFLite().quantize(source, PrecisionPlan(), calibration, file)
    assert notes["per_tensor"] == ["last"]
    shared = file.stat().st_size
    notes = TFLite().quantize(source, PrecisionPlan(algorithm="octav"), calibration, file)
    assert notes["per_tensor"] == []
    assert file.stat().st_size - shared >= 4 * 24  # of 5 channels, one scale stays; less padding
    for layers in ({"last": "float32"}, {"last": "int8x4"}):
        notes = TFLite().quantize(source, PrecisionPlan(layers=layers), calibration, file)
        assert notes["per_tensor"] == []
