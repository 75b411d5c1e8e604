"""WAV files of every kind, folders of them, and what is refused."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.source_files import wav

from edgehone.data import DataSettings, Reading, load, load_samples
from edgehone.data.sources.waves import wave_of
from edgehone.errors import DataError

VALUES = np.array([-0.5, 0.0, 0.25, 0.75])


def riff(tag: int, bits: int, data: bytes, *, rate: int = 16000, extensible: bool = False) -> bytes:
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, 1, rate, 0, bits // 8, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 4, tag) + bytes(14)
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + odd
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


FORMS: dict[str, tuple[int, int, bytes]] = {
    "8": (1, 8, (VALUES * 128 + 128).astype("u1").tobytes()),
    "16": (1, 16, (VALUES * 2**15).astype("<i2").tobytes()),
    "24": (1, 24, b"".join(int(v * 2**23).to_bytes(3, "little", signed=True) for v in VALUES)),
    "32": (1, 32, (VALUES * 2**31).astype("<i4").tobytes()),
    "float": (3, 32, VALUES.astype("<f4").tobytes()),
    "double": (3, 64, VALUES.astype("<f8").tobytes()),
}


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_width_has_the_same_values(tmp_path: Path, form: str, extensible: bool) -> None:
    tag, bits, data = FORMS[form]
    (tmp_path / "a.wav").write_bytes(riff(tag, bits, data, rate=8000, extensible=extensible))
    found = wave_of(tmp_path / "a.wav")
    assert found.values.tolist() == VALUES.tolist()
    assert found.values.dtype == np.float32
    assert (found.rate, found.channels) == (8000, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (riff(2, 4, bytes(4)), "format 2 with 4 bits"),
        (riff(1, 16, bytes(3)), "cut short"),
        (riff(1, 16, b""), "there are none"),
        (riff(1, 16, bytes(4), rate=0), "0 samples per second"),
        (riff(3, 32, struct.pack("<f", float("nan"))), "NaN"),
        (b"RIFF\0\0\0\0WAVE", "no format"),
        (b"OggS" + bytes(40), "not a RIFF file"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match=message):
        wave_of(tmp_path / "a.wav")


def folder(path: Path, lengths: Any = (800,), rate: int = 8000, channels: int = 1) -> str:
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("no", "yes"):
            (path / split / name).mkdir(parents=True)
            for n in range(8):
                values = random.integers(-99, 99, lengths[n % len(lengths)] * channels)
                wav(path / split / name / f"{n}.wav", values, rate, channels)
    return str(path)


def settings(front_end: str = "", **audio: Any) -> DataSettings:
    return DataSettings(reading=Reading(front_end=front_end, audio={"sample_rate": 8000, **audio}))


def test_folders_give_splits_classes_and_what_the_front_end_makes(tmp_path: Path) -> None:
    source = folder(tmp_path, channels=2)
    (tmp_path / "train" / "_background_noise_").mkdir()
    found = load(source, settings("mfcc"))
    assert found.classes == ("no", "yes")
    assert found.train.x.shape[1:] == (4, 10)
    assert (len(found.train), len(found.validation), len(found.test)) == (14, 2, 16)
    assert any("mfcc at 8000 Hz: frames of 30 ms" in note for note in found.notes)
    assert any("32 files of audio were averaged" in note for note in found.notes)
    assert any("_background_noise_" in note for note in found.notes)


def test_audio_of_several_lengths_is_padded_or_cut_when_asked(tmp_path: Path) -> None:
    source = folder(tmp_path, lengths=(700, 900))
    with pytest.raises(DataError, match="of another length") as caught:
        load_samples(source, settings())
    assert "seconds = 1.0" in caught.value.hint
    found = load_samples(source, settings(seconds=0.1)).x
    assert found.shape == (16, 800)
    assert not found[0, 700:].any()


def test_other_rates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="8000 samples per second, and 16000 are wanted") as caught:
        load_samples(folder(tmp_path), settings(sample_rate=16000))
    assert "sample_rate = 8000" in caught.value.hint


def test_folders_beside_splits_are_not_left_out_silently(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (tmp_path / "test").rename(tmp_path / "holdout")
    with pytest.raises(DataError, match="holdout is not a split that is known, beside train"):
        load(source, settings())
    (tmp_path / "holdout").rename(tmp_path / "val")
    (tmp_path / "train").rename(tmp_path / "test")
    with pytest.raises(DataError, match="no training audio beside"):
        load(source, settings())
