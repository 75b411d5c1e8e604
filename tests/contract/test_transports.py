"""What every transport promises; a new one joins through one entry in ADDRESSES."""

from pathlib import Path, PurePosixPath

import pytest

from edgehone import variants
from edgehone.devices._base import Transport
from edgehone.errors import DeviceError, StorageError

ADDRESSES = {"local": "", "qemu": "cortex-a72", "scripted": ""}
"""An address by transport that works wherever the tests run."""
LIMIT_S = 30.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices that live in the user's cache live in a folder of the test's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))


@pytest.fixture(params=variants.names("edgehone.devices", Transport))
def transport(request: pytest.FixtureRequest) -> Transport:
    return variants.load("edgehone.devices", Transport, request.param)(ADDRESSES[request.param])


def test_transport_gives_back_what_was_put(transport: Transport, tmp_path: Path) -> None:
    source = tmp_path / "with space"
    source.write_bytes(bytes(range(256)) * 500)
    name = PurePosixPath("folder/sub/$(file) -x.bin")
    for _ in range(2):
        transport.put(source, name, timeout_s=LIMIT_S)
    transport.get(name, tmp_path / "new" / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "new" / "back").read_bytes() == source.read_bytes()


def test_transport_replaces_another_content_of_the_same_name(
    transport: Transport, tmp_path: Path
) -> None:
    name = PurePosixPath("f")
    for content in ("first", "other"):
        (tmp_path / "f").write_text(content)
        transport.put(tmp_path / "f", name, timeout_s=LIMIT_S)
    transport.get(name, tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_text() == "other"


def test_transport_leaves_no_file_when_there_is_none_to_get(
    transport: Transport, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match="nothing"):
        transport.get(PurePosixPath("nothing"), tmp_path / "back", timeout_s=LIMIT_S)
    assert list(tmp_path.iterdir()) == []


def test_transport_says_when_a_source_is_missing(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="absent"):
        transport.put(tmp_path / "absent", PurePosixPath("f"), timeout_s=LIMIT_S)
