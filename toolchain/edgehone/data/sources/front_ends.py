"""Front ends of audio: spectra in mel bands of a waveform, and their cepstral coefficients.

As `tf.signal` has them: `stft`, `linear_to_mel_weight_matrix`, `mfccs_from_log_mel_spectrograms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.errors import DataError
from edgehone.system.settings import FRONT_END

NAMES = ("log-mel", "mfcc")

OFFSET = 1e-6
"""Added before the logarithm, as in the documentation of tf.signal."""


@dataclass(frozen=True)
class FrontEnd:
    """What a model sees of a waveform. kind: one of NAMES; "": the waveform. Frames of frame_ms
    begin every hop_ms; bins: mel bands from 0 Hz to half of sample_rate; coefficients: of mfcc that
    are kept.
    """

    kind: str = ""
    sample_rate: int = 16000
    frame_ms: float = 30.0
    hop_ms: float = 20.0
    bins: int = 40
    coefficients: int = 10
    seconds: float | None = None

    @classmethod
    def of(cls, kind: str, settings: Mapping[str, Any]) -> "FrontEnd":
        """One with these settings. Raises DataError for an unknown kind."""
        if kind not in ("", *NAMES):
            raise DataError(f"Unknown front end {kind!r}.", f"Known: {', '.join(NAMES)}.")
        return cls(kind, **settings)

    @property
    def words(self) -> str:
        """The front end as an app's author needs to know it."""
        if not self.kind:
            return f"waveforms at {self.sample_rate} Hz"
        frames = f"frames of {self.frame_ms:g} ms every {self.hop_ms:g} ms (periodic Hann window)"
        bands = f"{self.bins} mel bands from 0 to {self.sample_rate / 2:g} Hz, log(x + {OFFSET:g})"
        kept = f", the first {self.coefficients} of their cosine transform"
        return f"{self.kind} at {self.sample_rate} Hz: {frames}, {bands}" + (
            kept if self.kind == "mfcc" else ""
        )

    def of_wave(self, wave: Array, name: str) -> Array:
        """(n,) -> (frames, bins), (frames, coefficients), or (n,), float32. Raises DataError for a
        waveform shorter than a frame.
        """
        if not self.kind:
            return wave
        frame, hop = (max(1, self._count(ms)) for ms in (self.frame_ms, self.hop_ms))
        if len(wave) < frame:
            raise DataError(
                f"Audio {name} has {len(wave)} samples, fewer than a frame ({frame}).",
                f"Shorten frame_ms beside {FRONT_END}, or remove the file.",
            )
        mel = log_mel(wave, frame, hop, self.bins, self.sample_rate)
        return mel if self.kind == "log-mel" else mfcc(mel, self.coefficients)

    def _count(self, milliseconds: float) -> int:
        return round(self.sample_rate * milliseconds / 1000)


def log_mel(wave: Array, frame: int, hop: int, bins: int, rate: int) -> Array:
    """Logarithms of magnitudes in mel bands: (n,) -> (1 + (n - frame) // hop, bins) float32.

    X_tk = |sum_j w_j x_(t hop + j) exp(-2 pi i j k / size)|, w_j = (1 - cos(2 pi j / frame)) / 2,
    size: the next power of two; then log(X M + OFFSET) with M of `mel_matrix`. Davis and
    Mermelstein 1980, section II.
    """
    size = 1 << (frame - 1).bit_length()
    starts = range(0, len(wave) - frame + 1, hop)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    frames = np.stack([wave[start : start + frame] for start in starts]) * window
    magnitudes = np.abs(np.fft.rfft(frames, size))
    return np.asarray(np.log(magnitudes @ mel_matrix(size, bins, rate) + OFFSET), np.float32)


def mfcc(mel: Array, coefficients: int) -> Array:
    """The first coefficients of the orthogonal DCT-II, without the extra scale of the first:
    (t, bins) -> (t, coefficients). c_k = sqrt(2 / bins) sum_b m_b cos(pi k (b + 1/2) / bins). Davis
    and Mermelstein 1980, eq. 1; scaled as HTK does.
    """
    bins = mel.shape[1]
    k, b = np.arange(coefficients), np.arange(bins)
    basis = np.sqrt(2 / bins) * np.cos(np.pi * np.outer(b + 0.5, k) / bins)
    return np.asarray(mel.astype(np.float64) @ basis, np.float32)


@cache
def mel_matrix(size: int, bins: int, rate: int) -> Array:
    """Triangles over the frequencies of an FFT, evenly spaced in mel: (size // 2 + 1, bins).

    mel(f) = 1127 ln(1 + f / 700) (HTK; O'Shaughnessy 1987); each rises from the centre of the band
    before to 1 at its own and falls to the centre of the next. The frequency 0 is in no band.
    """
    centres = np.linspace(0, _mel(rate / 2), bins + 2)
    at = _mel(np.arange(size // 2 + 1) * rate / size)[:, None]
    rising = (at - centres[:-2]) / (centres[1:-1] - centres[:-2])
    falling = (centres[2:] - at) / (centres[2:] - centres[1:-1])
    found = np.maximum(0, np.minimum(rising, falling))
    found[0] = 0
    return np.asarray(found)


def _mel(frequency: Any) -> Any:
    return 1127 * np.log1p(np.asarray(frequency) / 700)
