"""A user's TOML file is read one way, whatever it is for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehone import targets
from edgehone.config import load
from edgehone.errors import ConfigError
from edgehone.system.tables import tables_of

READERS: list[Callable[[Path], object]] = [tables_of, targets.load, load]


def test_tables_are_read(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text('a = 1\n[b]\nc = "é"\n', encoding="utf-8")
    assert tables_of(file) == {"a": 1, "b": {"c": "é"}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = ", "is not valid TOML: "),
        (b"\xff\xfe", "is not valid TOML: "),
        (b"a = " + b"[" * 200 + b"]" * 200, "cannot be read: "),
    ],
)
@pytest.mark.parametrize("read", READERS)
def test_what_is_wrong_is_told_alike(
    read: Callable[[Path], object], content: bytes, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "some.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as raised:
        read(file)
    assert str(file) in raised.value.message
    assert raised.value.hint in ("Correct the file.", "Make it shorter.")
