"""What is said to a device's shell, and how its answer is read."""

import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehone.devices._posix import Limit, Script, quoted, skip_to_content
from edgehone.devices._scripts import command
from edgehone.errors import DeviceError
from edgehone.system.processes import Finished

WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def told(script: Script) -> Finished:
    done = subprocess.run(
        ["/bin/sh", "-c", script.text], capture_output=True, text=True, check=False, timeout=20
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@settings(max_examples=50, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=5))
def test_quoted_words_reach_a_program_unchanged(words: list[str]) -> None:
    line = command(["printf", "%s\\0", *words])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True, timeout=20)
    assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize("code", [0, 1, 255])
def test_a_script_tells_how_its_body_ended_whatever_is_printed_around_it(
    code: int, tmp_path: Path
) -> None:
    folder = tmp_path / "a b" / "c"
    script = Script(quoted(str(folder)), f"pwd; echo said >&2; (exit {code})", needs="sh")
    finished = told(script)
    noisy = Finished(9, f"Welcome! {finished.stdout}", f"banner\n{finished.stderr}late\n")
    assert script.read(noisy, "board") == Finished(code, f"{folder}\n", "banner\nsaid\nlate\n")


def test_a_script_whose_end_is_missing_is_not_whole(tmp_path: Path) -> None:
    script = Script(quoted(str(tmp_path)), "echo told", needs="sh")
    finished = told(script)
    assert script.read(Finished(0, finished.stdout, finished.stderr[:-3]), "board") is None
    assert script.read(Finished(0, "", ""), "board") is None
    assert Script("x", "echo told").read(finished, "board") is None  # another call's mark


def test_a_script_at_its_time_limit_keeps_what_was_told(tmp_path: Path) -> None:
    script = Script(quoted(str(tmp_path)), "echo told", needs="sh")
    cut = Finished(-9, f"Welcome!\n{told(script).stdout}", "", timed_out=True)
    found = script.read(cut, "board")
    assert found == Finished(-9, "told\n", "", timed_out=True)


def test_a_folder_that_cannot_be_made_is_told_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    script = Script(quoted(str(tmp_path / "file" / "x")), "true")
    with pytest.raises(DeviceError, match=r"A file cannot be written on board: mkdir: .*Not a"):
        script.read(told(script), "board")


def test_what_a_script_needs_is_looked_for_first(tmp_path: Path) -> None:
    script = Script(quoted(str(tmp_path)), "echo told", needs="no-such-program")
    finished = told(script)
    with pytest.raises(DeviceError, match="no-such-program cannot be started on board"):
        script.read(finished, "board")
    assert "told" not in finished.stdout


def test_lines_before_the_first_mark_are_not_heard(tmp_path: Path) -> None:
    script = Script(quoted(str(tmp_path)), "echo first; echo last", needs="sh")
    lines: list[str] = []
    on_output = script.on_line(lines.append)
    assert on_output
    for line in ["Welcome!\n", *f"prompt {told(script).stdout}".splitlines(keepends=True)]:
        on_output(line)
    assert lines == ["first\n", "last\n"]
    assert script.on_line(None) is None


@pytest.mark.parametrize("chatter", [b"", b"Welcome!\n", b"no end of line", b"\xff\0" * 9])
@pytest.mark.parametrize("content", [b"", b"\0\n" * 9, b"edgehone-0123456789abcdef\n"])
def test_content_begins_after_the_first_mark(
    chatter: bytes, content: bytes, tmp_path: Path
) -> None:
    script = Script(quoted(str(tmp_path)), "true", needs="sh")
    answer = BytesIO(chatter + told(script).stdout.encode() + content)
    skip_to_content(answer)
    assert answer.read() == content


def test_a_limit_always_leaves_a_little() -> None:
    assert Limit(0).left_s > 0
    assert 0 < Limit(50).left_s <= 50
