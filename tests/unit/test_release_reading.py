"""A bundle is read by any ZIP program, and verified only while every byte is as it was written."""

import os
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests import bundle_files

from edgehone.errors import StorageError, UsageError, VerificationError
from edgehone.release import names
from edgehone.release.manifest import Manifest
from edgehone.release.reading import read
from edgehone.release.unpacking import content_of, unpack
from edgehone.release.writing import Part, write


def refused(path: Path) -> str:
    with pytest.raises(VerificationError) as caught:
        read(path)
    assert caught.value.exit_code == 5
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value.message


def test_any_zip_program_reads_a_bundle(tmp_path: Path) -> None:
    path = bundle_files.small(tmp_path / "r.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", *sorted(bundle_files.PARTS)]
        assert (
            archive.read("artifacts/m.tflite") == bundle_files.PARTS["artifacts/m.tflite"].content
        )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = bundle_files.small(tmp_path / "r.zip")
    bundle = read(path)
    assert bundle.size_bytes == path.stat().st_size
    assert (bundle.manifest.title, bundle.manifest.decision) == ("m", "pass")
    (artifact,) = bundle.manifest.of_role("artifact")
    unpack(bundle, artifact, tmp_path / "out.tflite")
    assert (tmp_path / "out.tflite").read_bytes() == bytes(range(256)) * 2
    assert content_of(bundle, artifact, 512) == bytes(range(256)) * 2
    with pytest.raises(VerificationError, match="more than is read"):
        content_of(bundle, artifact, 511)


def test_a_bundle_that_changes_after_it_was_verified_is_not_unpacked(tmp_path: Path) -> None:
    path = bundle_files.small(tmp_path / "r.zip")
    bundle = read(path)
    (artifact,) = bundle.manifest.of_role("artifact")
    content = bytearray(path.read_bytes())
    content[bundle.starts[bundle.manifest.files.index(artifact)] + 300] ^= 1
    path.write_bytes(content)
    with pytest.raises(VerificationError, match="changed while it was read"):
        unpack(bundle, artifact, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


WRITE = """
import os, sys, time
from pathlib import Path
os.umask(int(sys.argv[2], 8)); time.tzset()
from tests import bundle_files
bundle_files.small(Path(sys.argv[1]))
"""


def test_the_same_files_are_the_same_bytes_anywhere(tmp_path: Path) -> None:
    found = []
    for place, zone, mask in (("a", "UTC", "022"), ("deeper/b", "Pacific/Kiritimati", "077")):
        path = tmp_path / place / "r.zip"
        path.parent.mkdir(parents=True)
        words = [sys.executable, "-c", WRITE, str(path), mask]
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(len(zone))}
        root = str(Path(__file__).parents[2])
        subprocess.run(words, check=True, cwd=root, env={**environment, "PYTHONPATH": root})
        os.utime(path, (time.time() - 10**6,) * 2)
        found.append(path.read_bytes())
    assert found[0] == found[1]


Tamper = Callable[[Path], object]


def _edited(change: Callable[[bytearray], object]) -> Tamper:
    def tamper(path: Path) -> None:
        content = bytearray(path.read_bytes())
        result = change(content)
        path.write_bytes(content if result is None else bytes(content))

    return tamper


def _insert(at: int, what: bytes) -> Tamper:
    def change(content: bytearray) -> None:
        place = at if at >= 0 else len(content) + at + 1
        content[place:place] = what

    return _edited(change)


def _before_directory(content: bytearray) -> None:
    start = struct.unpack("<L", content[-6:-2])[0]
    content[start:start] = b"\0" * 8
    content[-6:-2] = struct.pack("<L", start + 8)


def _commented(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"approved"


def _at(offset: int, value: bytes, *, mark: bytes = b"PK\x03\x04", number: int = 1) -> Tamper:
    """Put a value into the header of a member."""

    def change(content: bytearray) -> None:
        place = -1
        for _ in range(number + 1):
            place = content.index(mark, place + 1)
        content[place + offset : place + offset + len(value)] = value

    return _edited(change)


def _without(name: str) -> Tamper:
    def tamper(path: Path) -> None:
        kept = [each for each in bundle_files.members_of(path) if each[0].filename != name]
        bundle_files.zipped(path, kept)

    return tamper


def _more(name: str, content: bytes = b"more", mode: int = 0o100644) -> Tamper:
    def tamper(path: Path) -> None:
        members = bundle_files.members_of(path)
        bundle_files.zipped(path, [*members, (bundle_files.info(name, mode=mode), content)])

    return tamper


def _deflated(path: Path) -> None:
    members = bundle_files.members_of(path)
    for each, _ in members:
        each.compress_type = zipfile.ZIP_DEFLATED
    bundle_files.zipped(path, members)


CENTRAL = b"PK\x01\x02"
TAMPERED: dict[str, tuple[Tamper, str]] = {
    "nothing in it": (lambda path: path.write_bytes(b""), "does not begin with manifest.json"),
    "another kind of file": (lambda path: path.write_bytes(b"GIF89a" * 9), "does not begin with"),
    "a bomb": (bundle_files.bomb, "is compressed"),
    "compressed": (_deflated, "is compressed"),
    "a byte before": (_insert(0, b"x"), "does not begin with manifest.json"),
    "a byte after": (_insert(-1, b"x"), "bytes follow its end"),
    "an archive after": (_edited(lambda c: c.extend(bytes(c))), "bytes follow its end"),
    "a comment": (_commented, "directory says something else"),
    "a gap before the directory": (_edited(_before_directory), "bytes of no file"),
    "cut short": (_edited(lambda c: c.__delitem__(slice(-1, None))), "directory says something"),
    "cut in half": (_edited(lambda c: c.__delitem__(slice(len(c) // 2, None))), "it ends within"),
    "a missing file": (_without("evidence.json"), "has 'licences/empty' where the manifest has"),
    "the last file missing": (_without("licences/empty"), "'licences/empty' is missing"),
    "no manifest": (_without("manifest.json"), "where the manifest has 'manifest.json'"),
    "an added file": (_more("added.txt"), "does not name: 'added.txt'"),
    "an added file, written as ours": (
        lambda path: bundle_files.with_member(path, "added.txt", b"more"),
        "does not name: 'added.txt'",
    ),
    "an added link": (_more("link", b"/etc/passwd", 0o120777), "does not name: 'link'"),
    "the same name twice": (_more("manifest.json"), "does not name: 'manifest.json'"),
    "a link in place of a file": (
        _at(38, struct.pack("<L", 0o120777 << 16), mark=CENTRAL),
        "directory says something else",
    ),
    "encrypted": (_at(6, struct.pack("<H", 0x801)), "is encrypted"),
    "another date": (_at(12, b"\x22"), "is not as edgehone writes it"),
    "extra fields": (_at(28, struct.pack("<H", 4)), "has extra fields"),
    "two sizes": (_at(18, b"\xff\xff\xff\xff"), "says two sizes"),
    "64-bit sizes": (_at(18, b"\xff" * 8), "bytes, and the manifest says"),
    "a name far too long": (_at(26, b"\xff\xff"), "whose name is too long"),
    "other names in the directory": (
        _at(46, b"x", mark=CENTRAL, number=2),
        "directory says something else",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_bundle_that_was_changed_is_refused(how: str, tmp_path: Path) -> None:
    path = bundle_files.small(tmp_path / "r.zip")
    tamper, message = TAMPERED[how]
    tamper(path)
    assert message in refused(path)


NAMES = {
    "/etc/passwd": "absolute path",
    "C:/windows": "absolute path",
    "../up": "leads out of the folder",
    "a/../../up": "leads out of the folder",
    "a//b": "not a plain path",
    "./a": "not a plain path",
    "a/": "not a plain path",
    "": "not a plain path",
    "a\\..\\b": "not every file system allows",
    "ab:c": "not every file system allows",
    "new\nline": "not every file system allows",
    "nul\0": "not every file system allows",
    "CON": "not a name that every",
    "aux.txt": "not a name that every",
    "dot.": "not a name that every",
    "e\u0301": "composed form",
    "a" * 201: "too long",
    "a/b/c/d/e": "too long",
}


@pytest.mark.parametrize("name", NAMES)
def test_paths_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    assert NAMES[name] in names.fault(name)
    part = {name: Part("evidence", b"")}
    with pytest.raises(AssertionError):
        write(tmp_path / "r.zip", bundle_files.ABOUT, part)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "/etc/x", "a\\b", "MANIFEST.json", "Evidence.JSON"])
def test_a_manifest_that_names_such_a_path_or_one_twice_is_refused(
    name: str, tmp_path: Path
) -> None:
    path = bundle_files.small(tmp_path / "r.zip")
    found = read(path).manifest
    (first, *_) = found.files
    bad = type(first)(name, "evidence", first.sha256, first.size_bytes)
    manifest = Manifest(found.title, found.made_by, (*found.files, bad))
    members = bundle_files.members_of(path)[1:]
    bundle_files.zipped(path, [(bundle_files.info("manifest.json"), manifest.text()), *members])
    assert "manifest.json names" in refused(path)


def test_a_manifest_written_otherwise_is_refused(tmp_path: Path) -> None:
    found = read(bundle_files.small(tmp_path / "r.zip")).manifest
    with pytest.raises(ValueError, match="not written as edgehone writes it"):
        Manifest.read(found.text().replace(b"  ", b" "), "r.zip")
    with pytest.raises(ValueError, match="not as its schema says"):
        Manifest.read(found.text().replace(b'"title"', b'"titel"'), "r.zip")
    with pytest.raises(VerificationError, match=r"r\.zip is of version 99") as caught:
        Manifest.read(found.text().replace(b'"schema": 1', b'"schema": 99'), "r.zip")
    assert "update this one" in caught.value.hint
    with pytest.raises(ValueError, match="is not JSON"):
        Manifest.read(b"{", "r.zip")


def test_a_missing_file_and_a_folder_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="File not found"):
        read(tmp_path / "none.zip")
    with pytest.raises(StorageError, match="Is a directory"):
        read(tmp_path)


def test_more_than_a_bundle_holds_is_refused_before_it_is_written(tmp_path: Path) -> None:
    parts = {f"f{number}": Part("evidence", b"") for number in range(1000)}
    with pytest.raises(UsageError, match="it may hold 1000 files"):
        write(tmp_path / "r.zip", bundle_files.ABOUT, parts)
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(2**32)
    with pytest.raises(UsageError, match="4 GiB"):
        write(tmp_path / "r.zip", bundle_files.ABOUT, {"f": Part("artifact", tmp_path / "large")})
    with pytest.raises(VerificationError, match="more than a bundle may have"):
        read(tmp_path / "large")
    assert not (tmp_path / "r.zip").exists()


def test_names_of_the_users_files_are_made_to_fit() -> None:
    assert names.bundled_path(Path("a/net.tflite"), "artifacts", ()) == "artifacts/net.tflite"
    taken = ["artifacts/net.tflite"]
    assert names.bundled_path(Path("b/NET.tflite"), "artifacts", taken) == "artifacts/NET-2.tflite"
    for strange in ("new\nline.tflite", "a:b?.tflite", "nul.tflite", " x .tflite", "é" * 300):
        found = names.bundled_path(Path(strange), "artifacts", ())
        assert names.fault(found) == "", found


LARGE = """
import resource, sys
from pathlib import Path
from tests import bundle_files
from edgehone.release.reading import read
from edgehone.release.unpacking import unpack
from edgehone.release.writing import Part, write
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
folder = Path(sys.argv[1])
read(bundle_files.small(folder / "small.zip"))
before = peak()
write(folder / "large.zip", bundle_files.ABOUT, {"f": Part("artifact", folder / "large")})
found = read(folder / "large.zip")
unpack(found, found.manifest.files[0], folder / "again")
print(found.size_bytes, peak() - before)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(200 << 20)
    words, root = [sys.executable, "-c", LARGE, str(tmp_path)], str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(words, check=True, capture_output=True, env=environment, cwd=root)
    size_bytes, grown_mib = map(int, done.stdout.split())
    assert size_bytes > 200 << 20
    assert grown_mib < 32
