"""Limits are written into a file that stays as its owner wrote it, by one process at a time."""

import fcntl
import threading
from pathlib import Path

import pytest

from edgehone.budgets import Budget
from edgehone.config import load_budgets
from edgehone.config.rewriting import write_limits
from edgehone.decide.ratchet import Tightened
from edgehone.errors import ConfigError

TEXT = """# sizes
[[budget]]   # of the file
metric = "size_bytes"
max = "64 KiB"

[[budget]]
metric = "compressed_bytes"
max = 40000 # bytes
"""


def tightened(budget: Budget, limit: float) -> Tightened:
    return Tightened(budget, limit, limit)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_all_but_the_limit_stays(mark: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    before = (mark + TEXT.replace("\n", end)).encode()
    path.write_bytes(before)
    first, second = load_budgets(path)
    write_limits(path, [tightened(first, 32 * 1024), tightened(second, 30_000)])
    wanted = before.replace(b"64 KiB", b"32 KiB").replace(b"40000", b"30000")
    assert path.read_bytes() == wanted
    assert [each.limit for each in load_budgets(path)] == [32 * 1024, 30_000]


def test_a_limit_that_was_changed_meanwhile_is_left(tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(TEXT)
    first, _ = load_budgets(path)
    path.write_text(TEXT.replace("64 KiB", "8 KiB"))
    with pytest.raises(ConfigError, match="was changed while its budgets were checked"):
        write_limits(path, [tightened(first, 32 * 1024)])
    assert "8 KiB" in path.read_text()


def test_a_limit_is_written_when_no_other_process_writes_there(tmp_path: Path) -> None:
    """And the file that the other one left is not written over with what stood there before."""
    path = tmp_path / "budgets.toml"
    path.write_text(TEXT)
    _, second = load_budgets(path)
    errors: list[ConfigError] = []

    def tighten() -> None:
        try:
            write_limits(path, [tightened(second, 30_000)])
        except ConfigError as error:
            errors.append(error)

    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        waiting = threading.Thread(target=tighten)
        waiting.start()
        other = path.with_suffix(".new")
        other.write_text(TEXT.replace("64 KiB", "32 KiB"))
        other.replace(path)
    waiting.join(60)
    text = path.read_text()
    assert "32 KiB" in text
    assert errors or "30000" in text
