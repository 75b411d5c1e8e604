"""A few damaged copies for every reader: each is read, or refused in one clear sentence."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgehone.system import processes
from tests import needs
from tests.fuzz.mutating import TRAP, json_text
from tests.fuzz.readers import READERS, SEEDS
from tests.fuzz.runs import ROOT, Child, Finding, findings

COUNT = 12
SHORT = [reader.name for reader in READERS.values() if not reader.long]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize("reader", SHORT)
def test_damaged_copies_are_read_or_refused(reader: str, child: Child) -> None:
    if "-c" in reader:
        needs.program("gcc")
    found = list(findings(reader, range(COUNT * READERS[reader].times), child))
    assert not found, "\n".join(f"{each.number}: {each.what}" for each in found)


@pytest.mark.slow
def test_seeds_themselves_are_small_and_read(child: Child) -> None:
    for path in SEEDS.iterdir():
        assert path.stat().st_size < 64 << 10
    for reader in READERS.values():
        if not reader.slow:
            for seed in reader.seeds:
                assert child.tried(reader.name, str(SEEDS / seed)) == ""


def test_inputs_are_the_same_each_time_and_differ_from_their_seed(tmp_path: Path) -> None:
    for reader in READERS.values():
        first, second = tmp_path / f"{reader.name}-1", tmp_path / f"{reader.name}-2"
        first.mkdir()
        second.mkdir()
        copies = []
        for number in range(6):
            one, other = reader.input(number, first), reader.input(number, second)
            assert one.name == other.name
            copies.append(one.read_bytes())
            if not reader.name.startswith("zip") and one.suffix not in (".h5", ".keras"):
                assert copies[-1] == other.read_bytes()
        assert len(set(copies)) > 3


@pytest.mark.slow
def test_an_input_does_not_depend_on_those_before_it() -> None:
    """What is put into one input may be changed in it, but not for the next one."""

    def made() -> list[bytes]:
        return [json_text(b"[{}]", random.Random(number)) for number in range(1000)]

    assert made() == made()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("raise ValueError('unexpected')", "ValueError: unexpected"),
        (f"import {TRAP}", f"{TRAP} was imported"),
        ("import os; os.kill(os.getpid(), 11)", "the process ended with -11"),
    ],
)
def test_what_ends_otherwise_is_found(content: str, what: str, tmp_path: Path) -> None:
    """The harness itself: a reader of Python is one that nobody should have."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.fuzz import child, readers\n"
        "read = lambda path: exec(path.read_text()) or ''\n"
        "readers.READERS['toml'] = readers.Reader('toml', (), None, read)\n"
        "sys.exit(child.main())\n"
    )
    program = tmp_path / "program.py"
    program.write_text(code)
    (tmp_path / "input").write_text(content)

    class Wrong(Child):
        """A child whose reader runs what it reads."""

        PROGRAM = (str(program),)

    with Wrong() as child:
        assert what in child.tried("toml", str(tmp_path / "input"))


@pytest.mark.slow
def test_findings_are_kept_with_what_repeats_them(tmp_path: Path) -> None:
    path = Finding("toml", 3, "").kept(tmp_path)
    assert path.name == "toml-3+edgehone.toml"
    words = ["-m", "tests.fuzz", "--reader", "toml", "--input", str(path)]
    done = processes.run([sys.executable, *words], timeout_s=120, folder=ROOT)
    assert (done.exit_code, done.stdout) == (0, "read, or refused as it should be\n"), done.stderr
