"""Whichever byte of a bundle is changed, added or taken away, it is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import bundle_files

from edgehone.errors import VerificationError
from edgehone.release.reading import read


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = bundle_files.small(tmp_path_factory.mktemp("bundle") / "r.zip")
    read(path)
    return path


def require_refusal(path: Path, content: bytes | bytearray) -> None:
    damaged = path.with_name("damaged.zip")
    damaged.write_bytes(content)
    with pytest.raises(VerificationError):
        read(damaged)


@pytest.mark.slow
def test_every_single_byte_counts(whole: Path) -> None:
    content = whole.read_bytes()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        require_refusal(whole, flipped)
        require_refusal(whole, content[:place] + content[place + 1 :])
        require_refusal(whole, content[:place])


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_bytes_put_in_taken_out_or_moved_are_noticed(whole: Path, data: st.DataObject) -> None:
    content = whole.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, min(len(content), start + 64)))
    new = data.draw(st.binary(max_size=64) | st.sampled_from([content[-40:], content[:60]]))
    changed = content[:start] + new + content[stop:]
    if changed != content:
        require_refusal(whole, changed)
