"""Front ends of audio, against a slow plain reference and against tf.signal."""

import cmath
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehone.data.sources.front_ends import FrontEnd, log_mel, mfcc
from edgehone.errors import DataError

Array = NDArray[Any]
RATE, FRAME, HOP, BINS = 8000, 96, 40, 7
WAVE = np.random.default_rng(0).normal(0, 0.2, 250).astype(np.float32)


def mel(frequency: float) -> float:
    return 1127 * math.log(1 + frequency / 700)


def plain_log_mel() -> Array:
    size = 128
    edges = [mel(RATE / 2) * n / (BINS + 1) for n in range(BINS + 2)]
    rows = []
    for start in range(0, len(WAVE) - FRAME + 1, HOP):
        bands = [0.0] * BINS
        for k in range(1, size // 2 + 1):
            total = 0j
            for j in range(FRAME):
                window = (1 - math.cos(2 * math.pi * j / FRAME)) / 2
                total += window * float(WAVE[start + j]) * cmath.exp(-2j * math.pi * j * k / size)
            at = mel(k * RATE / size)
            for band in range(BINS):
                low, centre, high = edges[band : band + 3]
                if low < at < high:
                    part = (
                        (at - low) / (centre - low)
                        if at < centre
                        else (high - at) / (high - centre)
                    )
                    bands[band] += part * abs(total)
        rows.append([math.log(each + 1e-6) for each in bands])
    return np.array(rows)


def test_log_mel_is_that_of_a_plain_loop() -> None:
    found = log_mel(WAVE, FRAME, HOP, BINS, RATE)
    assert found.shape == (4, BINS)
    assert found == pytest.approx(plain_log_mel(), abs=1e-5)


def test_mfcc_is_that_of_a_plain_loop() -> None:
    logs = log_mel(WAVE, FRAME, HOP, BINS, RATE)
    wanted = [
        [
            math.sqrt(2 / BINS)
            * sum(float(row[b]) * math.cos(math.pi * k * (b + 0.5) / BINS) for b in range(BINS))
            for k in range(4)
        ]
        for row in logs
    ]
    assert mfcc(logs, 4) == pytest.approx(np.array(wanted), abs=1e-4)


def test_settings_are_milliseconds() -> None:
    front_end = FrontEnd("mfcc", RATE, 12.0, 5.0, BINS, 4)
    assert np.array_equal(
        front_end.of_wave(WAVE, "a"), mfcc(log_mel(WAVE, FRAME, HOP, BINS, RATE), 4)
    )
    assert "frames of 12 ms every 5 ms" in front_end.words
    with pytest.raises(DataError, match=r"a\.wav has 95 samples, fewer than a frame \(96\)"):
        front_end.of_wave(WAVE[:95], "a.wav")
    with pytest.raises(DataError, match="Unknown front end 'mel'"):
        FrontEnd.of("mel", {})


@pytest.mark.slow
def test_front_ends_are_those_of_tf_signal() -> None:
    import tensorflow as tf

    spectra = tf.abs(tf.signal.stft(WAVE, FRAME, HOP))
    matrix = tf.signal.linear_to_mel_weight_matrix(BINS, 65, RATE, 0.0, RATE / 2)
    logs = tf.math.log(tf.matmul(spectra, matrix) + 1e-6)
    found = log_mel(WAVE, FRAME, HOP, BINS, RATE)
    assert found == pytest.approx(logs.numpy(), abs=2e-3)
    wanted = tf.signal.mfccs_from_log_mel_spectrograms(logs).numpy()[:, :4]
    assert mfcc(found, 4) == pytest.approx(wanted, abs=5e-3)
