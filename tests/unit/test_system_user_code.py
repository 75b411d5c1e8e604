"""Functions named by users."""

import sys
from pathlib import Path

import pytest

from edgehone.actions import demo
from edgehone.errors import ConfigError, DataError
from edgehone.system.user_code import call, function, is_reference


def test_reference_is_told_from_a_path() -> None:
    assert is_reference("python:a:b")
    assert not is_reference("a.npz")


@pytest.mark.parametrize("source", ["python:a", "python:a:b:c", "python::b", "a.npz"])
def test_malformed_reference_says_how_to_write_it(source: str) -> None:
    with pytest.raises(ConfigError, match="names no function") as caught:
        function(source)
    assert "python:module:function" in caught.value.hint


def test_missing_module_and_function_are_told_as_the_asked_error() -> None:
    with pytest.raises(DataError, match="cannot be imported"):
        function("python:no_such_module_here:f", DataError)
    with pytest.raises(DataError, match="no function 'nothing'"):
        function("python:json:nothing", DataError)


def test_working_folder_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module_in_working_folder.py").write_text("def f(a): return a + 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert call("python:module_in_working_folder:f", (1,), DataError) == 2


def user_module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_module_and_function_that_exit_are_failures_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import sys\ndef f(): sys.exit(3)\n"
    user_module(tmp_path, monkeypatch, "module_that_exits_late", text)
    with pytest.raises(DataError, match="SystemExit: 3"):
        call("python:module_that_exits_late:f", (), DataError)
    user_module(tmp_path, monkeypatch, "module_that_exits", "raise SystemExit(4)\n")
    with pytest.raises(DataError, match="SystemExit: 4"):
        function("python:module_that_exits:f", DataError)


def test_what_users_code_prints_stays_out_of_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "print('at import')\ndef f(): print('when called')\n"
    user_module(tmp_path, monkeypatch, "module_that_prints", text)
    call("python:module_that_prints:f", (), DataError)
    sentence = capsys.readouterr()
    assert sentence.out == ""
    assert sentence.err == "at import\nwhen called\n"


def test_failure_of_the_function_is_told() -> None:
    with pytest.raises(DataError, match="JSONDecodeError"):
        call("python:json:loads", ("{",), DataError)


def test_the_working_folder_is_searched_for_users_code_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "def f():\n    import imported_late_by_a_user\n    return imported_late_by_a_user.VALUE\n"
    )
    user_module(tmp_path, monkeypatch, "module_that_imports_late", text)
    (tmp_path / "imported_late_by_a_user.py").write_text("VALUE = 3\n")
    before = [place for place in sys.path if place not in ("", str(tmp_path))]
    monkeypatch.setattr(sys, "path", list(before))
    assert call("python:module_that_imports_late:f", (), DataError) == 3
    assert sys.path == before
    with pytest.raises(DataError):
        call("python:no_such_module_at_all:f", (), DataError)
    assert sys.path == before


def test_what_projects_of_0_1_name_is_found_where_it_is_now() -> None:
    assert function("python:edgehone.demo:teacher") is demo.teacher
