"""Damaged copies of a bundle: bytes, members, or a file inside whose hashes fit again."""

import io
import random
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from edgehone.actions.release.releases import unpacked
from edgehone.release.manifest import Manifest
from edgehone.release.writing import Part, write
from tests.fuzz import mutating


def bundle(content: bytes, chance: random.Random) -> bytes:
    """A copy with a few bytes wrong, other members, or other JSON under a manifest that fits."""
    match chance.randrange(4):
        case 0:
            return mutating.bytes_of(content, chance)
        case 1:
            return mutating.archive(content, chance)
    return _sealed_again(content, chance)


def read(path: Path) -> None:
    """All that is done with a bundle: it is verified, unpacked, and its evidence is read."""
    with TemporaryDirectory() as folder:
        found = unpacked(path, Path(folder))
        for artifact in found.artifacts:
            assert artifact.path.is_file()


def _sealed_again(content: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        contents = {each.filename: archive.read(each) for each in archive.infolist()}
    manifest = Manifest.read(contents.pop("manifest.json"), "the seed")
    contents["evidence.json"] = mutating.json_text(contents["evidence.json"], chance)
    parts = {e.path: Part(e.role, contents[e.path]) for e in manifest.files}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "release.zip"
        write(path, manifest, parts)
        return path.read_bytes()
