"""The emulated device: Arm programs of its folder, on a CPU that is made up, counted exactly."""

import subprocess
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from tests import needs

from edgehone.devices import _sysroot, qemu
from edgehone.devices.qemu import COUNTER, Qemu
from edgehone.errors import ConfigError, DeviceError
from edgehone.runners._counting import bring_counter

PROGRAM = PurePosixPath("bin/program")
HOSTILE = [
    "a b",
    "'",
    '"',
    "$(touch x)",
    "`id`",
    "-L",
    "--",
    "a\nb",
    "*",
    "",
    "\\",
    "ä€😀",
    ";&|",
    ",",
]
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tests/arm_program.c, compiled."""
    compiler = needs.program("aarch64-linux-gnu-gcc")
    needs.program("qemu-aarch64")
    built = tmp_path_factory.mktemp("built") / "program"
    source = Path(__file__).parents[1] / "arm_program.c"
    subprocess.run([compiler, "-O1", "-Wall", "-Werror", "-o", built, source], check=True)
    return built


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, in a folder that QEMU would split at."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a,b c"))
    return tmp_path / "a,b c"


def device(program: Path, cpu: str = "cortex-a72", *, counting: bool = False) -> Qemu:
    found = Qemu(cpu)
    found.put(program, PROGRAM, timeout_s=LIMIT_S)
    if counting:
        bring_counter(found)
    return found


def lines(found: Qemu, *words: str) -> list[str]:
    finished = found.run([str(PROGRAM), *words], timeout_s=LIMIT_S)
    assert finished.exit_code == 0, finished.stderr
    return finished.stdout.splitlines()


def counts(text: list[str]) -> list[int]:
    """What lies between each two marks of the same process."""
    marks = {tuple(line.split()[:2]): int(line.split()[2]) for line in text}
    starts = [(process, mark) for process, mark in marks if int(mark) % 2 == 0]
    return [marks[p, str(int(mark) + 1)] - marks[p, mark] for p, mark in starts]


@pytest.mark.parametrize("address", ["max", "", "cortex-a7", "../cortex-a72", "cortex-a72,x"])
def test_only_known_cpus_are_emulated(address: str) -> None:
    with pytest.raises(ConfigError, match="emulated") as caught:
        Qemu(address)
    assert "qemu://cortex-a72" in caught.value.hint


@pytest.mark.peer
def test_words_reach_a_program_unchanged(program: Path) -> None:
    text = lines(device(program), "words", *HOSTILE)
    assert [bytes.fromhex(line).decode() for line in text] == HOSTILE


@pytest.mark.peer
def test_a_program_sees_none_of_this_machines_environment(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRET", "LD_LIBRARY_PATH", "QEMU_CPU", "QEMU_STRACE"):
        monkeypatch.setenv(name, "max")
    assert lines(device(program), "environment") == ["LD_BIND_NOW=1"]
    text = lines(device(program, counting=True), "environment")
    assert {line.partition("=")[0] for line in text} == {"LD_BIND_NOW", "EDGEHONE_COUNTS"}


@pytest.mark.peer
@pytest.mark.parametrize(
    ("cpu", "part"), [("cortex-a53", "0xd03"), ("cortex-a72", "0xd08"), ("cortex-a76", "0xd0b")]
)
def test_the_cpu_is_the_one_asked_for(program: Path, cpu: str, part: str) -> None:
    text = lines(device(program, cpu), "machine")
    assert text == [f"CPU part\t: {part}"] * _sysroot.CORES + [str(_sysroot.CORES)]


@pytest.mark.peer
def test_endings_are_told_and_input_stays_open(program: Path) -> None:
    found = device(program)
    assert found.run([str(PROGRAM), "exit", "3"], timeout_s=LIMIT_S).exit_code == 3
    on_line: list[str] = []
    finished = found.run([str(PROGRAM), "input"], timeout_s=3, on_line=on_line.append)
    assert finished.timed_out
    assert on_line == ["waiting\n"]


@pytest.mark.peer
def test_counts_are_the_same_in_every_run_process_and_child(program: Path, cache: Path) -> None:
    found = device(program, counting=True)
    notes = [line for _ in range(2) for line in lines(found, "marks", "16")]
    assert len({line.split()[0] for line in notes}) == 6
    # Twice: in the parent, and in the children, where the compiler may lay the loop out anew.
    seen = Counter(counts(notes))
    assert sum(seen.values()) == 96
    assert set(seen) <= {min(seen), min(seen) + 1, min(seen) + 2}
    assert min(seen) > 10_000
    assert not list(cache.rglob("counts-*"))


@pytest.mark.peer
def test_the_counter_is_built_once_and_again_when_its_source_changed(
    program: Path, tmp_path: Path
) -> None:
    found = device(program, counting=True)
    place = next(Path(found._folder).glob(COUNTER))
    first = place.stat().st_mtime_ns
    bring_counter(found)
    assert place.stat().st_mtime_ns == first
    (tmp_path / "older.c").write_text("int x;")
    found.put(tmp_path / "older.c", PurePosixPath(COUNTER).with_suffix(".c"), timeout_s=LIMIT_S)
    place.write_bytes(b"")
    bring_counter(found)
    assert place.read_bytes()[:4] == b"\x7fELF"


@pytest.mark.parametrize("word", ["sh", "uname", "bin/none", "/bin/sh", "../sh"])
def test_nothing_but_what_was_brought_runs(word: str) -> None:
    with pytest.raises(DeviceError, match="has no program") as caught:
        Qemu("cortex-a72").run([word], timeout_s=LIMIT_S)
    assert repr(word) in caught.value.message


@pytest.mark.peer
def test_removal_leaves_nothing(program: Path, cache: Path) -> None:
    found = device(program)
    lines(found, "machine")
    assert list(cache.rglob("cpuinfo"))
    found.remove(timeout_s=LIMIT_S)
    assert not [file for file in cache.rglob("*") if file.is_file()]


@pytest.mark.peer
def test_missing_qemu_and_libraries_are_told(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = device(program)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        with pytest.raises(DeviceError, match="qemu") as caught:
            found.run([str(PROGRAM)], timeout_s=LIMIT_S)
    assert "qemu-user" in caught.value.hint
    monkeypatch.setattr(_sysroot, "FOLDERS", (str(tmp_path),))
    with pytest.raises(DeviceError, match="libstdc") as caught:
        found.run([str(PROGRAM)], timeout_s=LIMIT_S)
    assert "libstdc++6-arm64-cross" in caught.value.hint


@pytest.mark.peer
def test_a_qemu_without_plugins_is_refused_where_it_should_count(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = device(program, counting=True)
    static = tmp_path / "bin" / qemu.PROGRAM
    static.parent.mkdir()
    static.symlink_to(needs.program("qemu-aarch64-static"))
    monkeypatch.setenv("PATH", str(static.parent))
    with pytest.raises(DeviceError, match="takes no plugins"):
        found.run([str(PROGRAM)], timeout_s=LIMIT_S)
