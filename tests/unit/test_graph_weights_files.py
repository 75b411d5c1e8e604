"""Model files that refer to other files of the system."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

from edgehone.errors import ModelError
from edgehone.graph.weights_files import require_own_weights


def external_link(file: Any, other: Path) -> None:
    file.create_group("a/b")["kernel"] = h5py.ExternalLink(str(other), "/secret")


def external_storage(file: Any, other: Path) -> None:
    file.create_dataset("a/b/kernel", (8,), "u1", external=[(str(other), 0, 8)])


def virtual(file: Any, other: Path) -> None:
    layout = h5py.VirtualLayout((8,), "u1")
    layout[:] = h5py.VirtualSource(str(other), "secret", (8,))
    file.create_virtual_dataset("a/b/kernel", layout)


def harmless(file: Any, other: Path) -> None:
    file["a/kernel"] = np.zeros(8)
    file["again"] = file["a"]
    file["a/loop"] = h5py.SoftLink("/a")
    file["a/dangling"] = h5py.SoftLink("/nothing")
    file["a/itself"] = file["a"]


def written(path: Path, fill: Callable[[Any, Path], None], compression: int | None) -> Path:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file, path.parent / "other.h5")
    if compression is None:
        path = path.with_suffix(".h5")
        path.write_bytes(content.getvalue())
        return path
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("model.weights.h5", content.getvalue())
    return path


@pytest.mark.parametrize("compression", [None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("fill", [external_link, external_storage, virtual])
def test_weights_in_other_files_are_refused_by_their_name(
    tmp_path: Path, fill: Callable[[Any, Path], None], compression: int | None
) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = np.zeros(8)
    path = written(tmp_path / "net.keras", fill, compression)
    with pytest.raises(ModelError, match=r"'/a/b/kernel' lies in another file"):
        require_own_weights(path)


@pytest.mark.parametrize("compression", [None, zipfile.ZIP_STORED])
def test_links_within_a_file_are_its_own_affair(tmp_path: Path, compression: int | None) -> None:
    require_own_weights(written(tmp_path / "net.keras", harmless, compression))


def test_weights_that_may_be_pickles_are_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as archive:
        archive.writestr("model.weights.npz", b"")
    with pytest.raises(ModelError, match="which is not read"):
        require_own_weights(tmp_path / "net.keras")


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "assets/../../x", "..\\x", "a\\..\\..\\x"])
def test_members_that_lead_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "net.keras", harmless, zipfile.ZIP_STORED)
    require_own_weights(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"")
    with pytest.raises(ModelError, match="which leads out of it"):
        require_own_weights(path)


@pytest.mark.parametrize("content", [b"", b"0" * 3000, b"\x89HDF\r\n\x1a\n" + b"\xff" * 90])
def test_what_cannot_be_looked_through_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.h5").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as archive:
        archive.writestr("model.weights.h5", content)
    with zipfile.ZipFile(tmp_path / "without.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    for name in ("net.h5", "net.keras", "without.keras"):
        with pytest.raises(ModelError, match="damaged or cut short"):
            require_own_weights(tmp_path / name)
