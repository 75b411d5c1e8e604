"""Wheels for other systems: what pip is asked, what is packed and kept, and what cannot be had."""

import zipfile
from pathlib import Path

import pytest
from tests.wheel_files import only_index, write_wheel

from edgehone.errors import ConfigError, DeviceError, EdgehoneError
from edgehone.runners._packages import Choice
from edgehone.runners._pip import System, install
from edgehone.runners._probe import Facts, Interpreter
from edgehone.runners._wheels import Bundle, bundle, library_from_wheel
from edgehone.system.places import user_cache

pytestmark = pytest.mark.slow

PYTHON = Interpreter("/usr/bin/python3", (3, 9), 64)
OLD = Facts("Linux", "aarch64", 64, (2, 31), pythons=(PYTHON,))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    only_index(tmp_path / "index", monkeypatch)
    return tmp_path / "index"


def test_tags_reach_from_the_devices_glibc_down() -> None:
    tags = System("armv7l", 31, (3, 9)).tags
    assert tags[0] == "manylinux_2_31_armv7l"
    assert tags[-2:] == ["manylinux_2_17_armv7l", "manylinux2014_armv7l"]


def test_a_bundle_has_what_fits_the_device_and_nothing_newer(index: Path) -> None:
    write_wheel(index, "numpy", "2.0.0", "cp39-cp39-manylinux2014_aarch64")
    write_wheel(index, "numpy", "2.1.0", "cp39-cp39-manylinux_2_34_aarch64")  # too new a glibc
    write_wheel(index, "numpy", "2.2.0", "cp311-cp311-manylinux2014_aarch64")  # another Python
    write_wheel(index, "numpy", "2.3.0", "cp39-cp39-manylinux2014_x86_64")  # another processor
    found = bundle(Choice(("numpy",)), PYTHON, OLD)
    assert isinstance(found, Bundle)
    assert found.packages == {"numpy": "2.0.0"}
    assert found.left_out == {}


def test_what_is_wanted_but_not_to_be_had_is_left_out_with_the_reason(index: Path) -> None:
    write_wheel(index, "ai-edge-litert", "2.1.0", requires=["flatbuffers"])
    write_wheel(index, "flatbuffers", "25.1")
    found = bundle(Choice(("ai-edge-litert",), ("onnxruntime",)), PYTHON, OLD)
    assert isinstance(found, Bundle)
    assert found.packages == {"ai-edge-litert": "2.1.0", "flatbuffers": "25.1"}
    assert "onnxruntime" in found.left_out["onnxruntime"]
    assert "versions" not in found.left_out["onnxruntime"]


def test_what_is_needed_but_not_to_be_had_is_a_reason(index: Path) -> None:
    reason = bundle(Choice(("ai-edge-litert>=2.1", "ai-edge-litert<2.1.1")), PYTHON, OLD)
    assert isinstance(reason, str)
    assert "ai-edge-litert" in reason
    assert not list(user_cache("wheels").glob("*"))


def test_tflite_runtime_comes_alone_and_in_spite_of_its_tag(index: Path) -> None:
    tag = "cp39-cp39-manylinux_2_34_aarch64"
    write_wheel(index, "tflite-runtime", "2.14.0", tag, requires=["numpy"])
    found = bundle(Choice((), (), ("tflite-runtime==2.14.0",)), PYTHON, OLD)
    assert isinstance(found, Bundle)
    assert found.packages == {"tflite-runtime": "2.14.0"}


def test_an_archive_leaves_out_what_no_inference_needs(index: Path) -> None:
    files = {
        "numpy/__init__.py": "",
        "numpy/__init__.pyi": "x",
        "numpy/tests/test_all.py": "x",
        "numpy/testing.py": "",
        "numpy/core/include/array.h": "x",
    }
    write_wheel(index, "numpy", "2.0.0", files=files)
    found = bundle(Choice(("numpy",)), PYTHON, OLD)
    assert isinstance(found, Bundle)
    names = zipfile.ZipFile(found.archive).namelist()
    assert [name for name in names if "dist-info" not in name] == [
        "numpy/__init__.py",
        "numpy/testing.py",
    ]
    with zipfile.ZipFile(found.archive) as packed:
        assert found.unpacked_bytes == sum(each.file_size for each in packed.infolist())


def test_the_cache_answers_without_an_index_and_equal_content_has_one_key(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = write_wheel(index, "numpy", "2.0.0")
    first = bundle(Choice(("numpy",)), PYTHON, OLD)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    again = bundle(Choice(("numpy",)), PYTHON, OLD)
    wheel.unlink()
    cached = bundle(Choice(("numpy",)), PYTHON, OLD)
    assert isinstance(first, Bundle)
    assert isinstance(again, Bundle)
    assert cached == again
    assert first.key == again.key
    assert first.archive != again.archive


def test_an_index_that_cannot_be_reached_is_no_matter_of_packages(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # discard: nobody listens
    with pytest.raises(ConfigError, match="cannot be fetched") as caught:
        bundle(Choice(("numpy",), ("onnxruntime",)), PYTHON, OLD)
    assert "network" in caught.value.hint


def test_a_library_is_taken_out_of_a_wheel_and_kept(index: Path) -> None:
    files = {"onnxruntime/capi/libonnxruntime.so.1.32.0": "x", "onnxruntime/capi/other.so": "y"}
    tag = "cp312-cp312-manylinux_2_28_aarch64"
    wheel = write_wheel(index, "onnxruntime", "1.32.0", tag, files=files)
    found = library_from_wheel("onnxruntime", "libonnxruntime.so*", OLD)
    assert (found.name, found.read_text()) == ("libonnxruntime.so.1.32.0", "x")
    wheel.unlink()
    assert library_from_wheel("onnxruntime", "libonnxruntime.so*", OLD) == found


@pytest.mark.parametrize(
    ("facts", "error", "reason"),
    [
        (Facts("Linux", "aarch64", 32, (2, 36)), DeviceError, "no 32-bit wheels"),
        (Facts("Linux", "aarch64", 64, None), DeviceError, "no glibc"),
        (Facts("Linux", "aarch64", 64, (2, 28)), DeviceError, "needs glibc 2.30"),
        (Facts("Linux", "aarch64", 64, (2, 36)), ConfigError, "lacks the file"),
        (Facts("Linux", "aarch64", 64, (2, 31)), ConfigError, "ai-edge-litert<2.1.1"),
    ],
)
def test_a_library_that_is_not_to_be_had_says_why(
    facts: Facts, error: type[EdgehoneError], reason: str, index: Path
) -> None:
    write_wheel(index, "ai-edge-litert", "2.3.0")
    with pytest.raises(error, match=r"libLiteRt\.so") as caught:
        library_from_wheel("ai-edge-litert", "libLiteRt.so", facts)
    assert reason in caught.value.message
    assert "--library" in caught.value.hint


def test_nothing_of_pip_reaches_the_terminal(
    index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_wheel(index, "numpy", "2.0.0")
    assert install(["numpy"], System("aarch64", 31, (3, 9)), tmp_path / "site") == ""
    assert capfd.readouterr() == ("", "")
