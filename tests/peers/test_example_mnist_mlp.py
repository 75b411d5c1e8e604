"""The example runs as its README says: bundled data, two epochs, the real converter and runtime."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "mnist_mlp" / "example.py"
ROW = re.compile(r"^(\w+(?:, \w+)?) +(float32|int8) +([\d.]+) +\S+ \[.*?\] +([\d,]+) ", re.M)


@pytest.mark.slow
@pytest.mark.peer
def test_example_measures_teacher_students_and_pruned_teacher_on_the_digits() -> None:
    command = [sys.executable, str(EXAMPLE), "--data", "digits", "--epochs", "2", "--seeds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = {(m[1], m[2]): (float(m[3]), int(m[4].replace(",", ""))) for m in _rows(done.stdout)}
    assert {name for name, _ in found} == {
        "teacher",
        "student, labels",
        "student, taught",
        "teacher, pruned",
    }
    assert len(found) == 7, done.stdout
    assert all(accuracy > 50 for accuracy, _ in found.values()), done.stdout
    sizes = {key: size for key, (_, size) in found.items()}
    assert sizes["teacher, pruned", "float32"] < sizes["teacher", "float32"]
    assert sizes["teacher, pruned", "int8"] < sizes["teacher", "int8"]
    assert "from 2 pairs nothing can be concluded" in " ".join(done.stdout.split())


def _rows(text: str) -> list[re.Match[str]]:
    return list(ROW.finditer(text))
