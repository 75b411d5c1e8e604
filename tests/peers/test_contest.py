"""A part of the quick contest, carried out; the whole of it is a job of its own in CI."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PART = ("TensorFlow int8", "litert-quantizer", "uniform width")

pytestmark = [pytest.mark.slow, pytest.mark.peer]


def contested(work: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "benchmarks" / "contest" / "study.py"), "--quick"]
    argv += ["--work", str(work), "--contestants", *PART]
    return subprocess.run(argv, capture_output=True, text=True, timeout=900)


def test_a_contest_is_fair_and_its_second_start_has_nothing_to_do(tmp_path: Path) -> None:
    done = contested(tmp_path)
    assert done.returncode == 0, done.stderr
    kept = (tmp_path / "rows.jsonl").read_bytes()
    rows: list[dict[str, Any]] = [json.loads(line) for line in kept.splitlines()]
    files = [row for row in rows if row["row"] == "file"]
    assert {row["contestant"] for row in files} == {"teacher", *PART}
    assert not [row for row in files if row["failed"]]
    measured = [row for row in rows if row["row"] == "measured"]
    assert {row["sha256"] for row in measured} == {row["sha256"] for row in files}
    assert len({row["batch"] for row in measured}) == 1
    assert all(row["p50_ms"] > 0 and row["accuracy"] > 0.5 for row in measured)
    page = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "**Not fair:**" not in page
    assert f"A part of the contest: {', '.join(PART)}." in page or "A quick contest" in page
    assert "<svg" in (tmp_path / "digits.svg").read_text(encoding="utf-8")
    again = contested(tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "rows.jsonl").read_bytes() == kept
