"""Many images are decoded once, to the disk, and are what they are when read into memory."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgehone.data.sources import decoding
from edgehone.data.sources.folders import read_folder, read_images
from edgehone.errors import DataError
from edgehone.system.places import user_cache


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def folder(path: Path, sizes: tuple[int, ...] = (6, 6, 6, 6)) -> Path:
    random = np.random.default_rng(0)
    for number, size in enumerate(sizes):
        place = path / f"class{number % 2}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        values = random.integers(0, 256, (size, 6, 3)).astype(np.uint8)
        image, exif = Image.fromarray(values), Image.Exif()
        exif[0x0112] = 6 if number == 0 else 1
        image.save(place, exif=exif)
    return path


def kept() -> list[Path]:
    return sorted(user_cache("arrays").glob("*.npy"))


@pytest.mark.parametrize("sizes", [(6, 6, 6, 6), (6, 6, 6, 9), (9, 6, 9, 6)])
def test_images_on_the_disk_are_those_in_memory(
    sizes: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder(tmp_path / "images", sizes)
    whole = read_folder(place, (6, 6, 3), "float32")
    assert kept() == []
    monkeypatch.setattr(decoding, "KEPT_FROM_BYTES", 1)
    for _ in range(2):
        found = read_folder(place, (6, 6, 3), "float32")
        assert found.arrays["x"].dtype == whole.arrays["x"].dtype
        assert np.array_equal(found.arrays["x"], whole.arrays["x"])
        assert np.array_equal(found.arrays["y"], whole.arrays["y"])
        assert found.notes == whole.notes
        assert "marked as turned (EXIF): 1 image" in found.notes[0]
        assert len(kept()) == 2


def test_what_is_kept_goes_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "KEPT_FROM_BYTES", 1)
    place = folder(tmp_path / "images")
    before = read_images(place, (6, 6, 3), "float32").arrays["x"].copy()
    place.rename(tmp_path / "moved")
    made = [path.stat().st_ino for path in kept()]
    again = read_images(tmp_path / "moved", (6, 6, 3), "float32").arrays["x"]
    assert np.array_equal(again, before)
    assert [path.stat().st_ino for path in kept()] == made
    smaller = read_images(tmp_path / "moved", (4, 4, 3), "float32").arrays["x"]
    assert smaller.shape == (4, 4, 4, 3)
    Image.new("RGB", (6, 6)).save(tmp_path / "moved" / "class0" / "0.png")
    changed = read_images(tmp_path / "moved", (6, 6, 3), "float32").arrays["x"]
    assert not changed[0].any()
    assert np.array_equal(changed[1:], before[1:])


def test_images_that_cannot_be_one_array_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "KEPT_FROM_BYTES", 1)
    with pytest.raises(DataError, match=r"different sizes \(\(6, 6, 3\) and \(9, 6, 3\)\)"):
        read_folder(folder(tmp_path / "images", (6, 6, 9, 6)), None, "float32")
    damaged = folder(tmp_path / "more")
    (damaged / "class1" / "3.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"3\.png"):
        read_folder(damaged, (6, 6, 3), "float32")
    assert kept() == []


def test_marks_are_counted_again_where_they_alone_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "KEPT_FROM_BYTES", 1)
    place = folder(tmp_path / "images")
    notes = read_folder(place, (6, 6, 3), "float32").notes
    [marks] = user_cache("arrays").glob("*-marks.npy")
    marks.unlink()
    assert read_folder(place, (6, 6, 3), "float32").notes == notes
