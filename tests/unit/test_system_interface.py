"""Sentences name a setting as the interface in use does."""

import ast
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

import edgehone
from edgehone.system import settings
from edgehone.system.interface import (
    PROJECT,
    Interface,
    Setting,
    all_named,
    current,
    in_thread,
    used,
)

PACKAGE = Path(edgehone.__path__[0])
TERMINAL = Interface("terminal", frozenset(("--scale", "--offset", "--data", "--io", "--trust")))
PYTHON = Interface("python", frozenset(("scale", "offset", "data", "task", "trust", "options")))
RUN = Interface("python", frozenset(("task", "metric", "settings")))
WITH_FILE = Interface("python", frozenset(("on", "config")))

NAMES = (
    (settings.SCALE, TERMINAL, "--scale"),
    (settings.SCALE, PYTHON, "scale"),
    (settings.SCALE, PROJECT, "scale under [data] of the project file"),
    (settings.SCALE, Interface("terminal"), "scale under [data] of the project file"),
    (settings.TASK, TERMINAL, "kind under [task] of the project file"),
    (settings.TASK, PYTHON, "task"),
    (settings.TASK, WITH_FILE, "kind under [task] of the project file given as config"),
    (settings.METRIC, PYTHON, "task.metric"),
    (settings.METRIC, RUN, "metric"),
    (settings.BLOCKS, RUN, 'settings["measure"]["blocks"]'),
    (settings.FORCE, PROJECT, "--force"),
    (settings.IO, PYTHON, "options.io"),
)

VALUES = (
    (settings.TASK.set("regression"), 'kind = "regression" under [task] of the project file'),
    (settings.TRUST.set(True), "trust = true under [model] of the project file"),
    (settings.FORMATS.set(["tflite"]), 'formats = ["tflite"] under [export] of the project file'),
    (settings.BASELINE.given("FILE"), "--baseline FILE"),
)


@pytest.mark.parametrize(("setting", "interface", "name"), NAMES)
def test_a_setting_has_a_name_at_every_interface(
    setting: Setting, interface: Interface, name: str
) -> None:
    with used(interface):
        assert str(setting) == name


@pytest.mark.parametrize(("found", "text"), VALUES)
def test_without_an_interface_a_project_says_it(found: str, text: str) -> None:
    assert found == text


def test_values_are_written_as_the_interface_has_them() -> None:
    with used(TERMINAL):
        assert settings.IO.set("float32") == "--io float32"
        assert settings.TRUST.set(True) == "--trust"
        assert settings.DATA.given("DATA") == "--data DATA"
    with used(PYTHON):
        assert settings.IO.set("float32") == 'options=Options(io="float32")'
        assert settings.TRUST.set(True) == "trust=True"
        assert settings.DATA.given("DATA") == "data=DATA"
    with used(RUN):
        assert settings.BLOCKS.set(40) == 'settings={"measure": {"blocks": 40}}'


def test_what_several_settings_share_is_said_once() -> None:
    pair = (settings.SCALE, settings.OFFSET)
    assert all_named(pair) == "scale and offset under [data] of the project file"
    with used(TERMINAL):
        assert all_named(pair) == "--scale and --offset"


ASKED = (
    (Interface("terminal", frozenset(("--batch",))), "--batch 1"),
    (Interface("terminal", frozenset(("--on",))), "edgehone export ... --batch 1"),
    (PROJECT, "edgehone export ... --batch 1"),
    (PYTHON, "options=Options(batch=1)"),
    (RUN, "edgehone.export(..., options=Options(batch=1))"),
)


@pytest.mark.parametrize(("interface", "text"), ASKED)
def test_what_was_called_lacks_an_option_and_the_command_that_has_it_is_named(
    interface: Interface, text: str
) -> None:
    with used(interface):
        assert settings.BATCH.set(1) == text


@pytest.mark.parametrize(
    ("interface", "text"),
    [
        (
            Interface("terminal", frozenset(("--format", "--recurrent"))),
            "with --format tflite and --recurrent unrolled,",
        ),
        (
            Interface("python", frozenset(("formats", "options"))),
            'with formats=["tflite"] and options=Options(recurrent="unrolled"),',
        ),
        (Interface("terminal"), "with edgehone export ... --recurrent unrolled,"),
    ],
)
def test_the_hint_about_loops_is_what_can_be_typed(interface: Interface, text: str) -> None:
    from edgehone.errors import ConversionError
    from edgehone.formats._loops import _refuse_static
    from edgehone.values import PrecisionPlan

    with used(interface), pytest.raises(ConversionError) as caught:
        _refuse_static("lstm", "a loop", PrecisionPlan("int8"))
    assert text in (caught.value.hint or "")


def test_threads_speak_as_their_caller_does() -> None:
    with used(PYTHON), ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_thread(current)).result() == PYTHON
        assert pool.submit(current).result() == PROJECT


def test_an_interface_goes_to_a_child_process_and_back() -> None:
    assert Interface.from_json(TERMINAL.to_json()) == TERMINAL


def test_every_setting_is_one_that_a_command_or_function_has() -> None:
    options = "\n".join(path.read_text() for path in (PACKAGE / "cli").rglob("*.py"))
    for name, setting in vars(settings).items():
        if isinstance(setting, Setting) and setting.option:
            assert f'"{setting.option}"' in options, name


TERMINAL_ONLY = (
    *("cli", "runners", "devices"),
    *("config/user.py", "actions/init.py", "actions/scaling.py"),
)
"""What Python users do not call: devices set up, a project written, an option's text read."""

WRITTEN = re.compile(r"(?<![\w-])--[a-z]|under \[")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def spoken(path: Path) -> list[str]:
    """The texts that a module raises errors with, what they format left out."""
    calls = [each for each in ast.walk(parsed(path)) if isinstance(each, ast.Call)]
    raised = [each for each in calls if getattr(each.func, "id", "").endswith("Error")]
    inner = [list(ast.walk(argument)) for call in raised for argument in call.args]
    constants = [[e.value for e in each if isinstance(e, ast.Constant)] for each in inner]
    return ["".join(part for part in each if isinstance(part, str)) for each in constants]


def test_errors_write_no_option_or_key_themselves() -> None:
    """They speak of a `Setting`; whole command lines are what to type at a terminal."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if not str(path.relative_to(PACKAGE)).startswith(TERMINAL_ONLY):
            found = [each for each in spoken(path) if "edgehone " not in each]
            assert not [each for each in found if WRITTEN.search(each)], path


def test_no_setting_is_named_at_import() -> None:
    """A constant would keep the names of whichever interface was in use then."""
    known = {name for name in vars(settings) if name.isupper()}
    for path in PACKAGE.rglob("*.py"):
        for statement in parsed(path).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
                texts = [e for e in ast.walk(statement.value) if isinstance(e, ast.FormattedValue)]
                names = {getattr(e, "id", "") for text in texts for e in ast.walk(text)}
                assert not names & known, path
