"""What all tests share: this machine's lock is theirs, so that they wait for nobody else's work,
and the programs they start can be interrupted.
"""

import compileall
import gc
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from edgehone.devices._host import CHOSEN
from edgehone.export import conversion
from tests.warm_converter import Lender
from tests.warm_python import WarmPython

COLD = (
    "test_cli_effects",
    "test_cli_ending",
    "test_export_conversion",
    "test_export_importing",
    "test_export_recurrent",
    "test_system_",
)
"""Files of tests about the converter's process itself, or about what a command leaves."""

MACHINES = ("arm_board", "phones")
"""Fixtures that are computers, in the order in which they are used."""

HEAVY = frozenset({"tensorflow", "keras"})
LOADED = pytest.StashKey[frozenset[str]]()

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")  # what depends on the clock says nothing about the program

for number in (signal.SIGINT, signal.SIGHUP):
    # Ignored ones, as of tests that run behind a shell's "&" or nohup, would be inherited.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


# jsonschema tries it, and it builds 38 grammars as it is imported, for a format of text that no
# schema here knows: seconds of every worker.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, and not in each of the hundreds of processes that tests start."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(conversion.__file__).parents[1], quiet=2)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect in a third of the time: what pytest makes of the asserts in 500 files is kept,
    whatever the environment says, and nobody looks through it for garbage, now or later.
    """
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    gc.disable()
    try:
        _rewrite_share(session.config)
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
        sys.dont_write_bytecode = before


def _rewrite_share(config: pytest.Config) -> None:
    """Have the asserts of some files rewritten: each worker does so for its share first, and finds
    what the others have kept when it collects.
    """
    given = getattr(config, "workerinput", None)
    folders = [Path(word) for word in config.args]
    if given is None or not all(folder.is_dir() for folder in folders):
        return
    files = sorted(file for folder in folders for file in folder.rglob("test_*.py"))
    for file in files[int(given["workerid"].removeprefix("gw")) :: given["workercount"]]:
        if (file.parent / "__init__.py").exists():
            continue
        sys.path.insert(0, str(file.parent))
        try:
            importlib.import_module(file.stem)
        except (Exception, pytest.skip.Exception) as error:  # told when the file is collected
            warnings.warn(f"{file.name}: {error}", stacklevel=1)
        finally:
            sys.path.remove(str(file.parent))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave proofs out, whatever else is asked for, unless they are asked for by their marker; and
    put the tests of a machine that takes long to start first and side by side, so that two workers,
    which take over the last of each other's tests, do not start it twice.
    """
    items.sort(key=_turn)
    if "proof" in config.option.markexpr:
        return
    proofs = [item for item in items if item.get_closest_marker("proof")]
    if proofs:
        items[:] = [item for item in items if not item.get_closest_marker("proof")]
        config.hook.pytest_deselected(items=proofs)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note what collecting has loaded that takes seconds, which each worker would spend."""
    session.config.stash[LOADED] = frozenset(HEAVY & sys.modules.keys())


@pytest.fixture
def loaded_by_collecting(pytestconfig: pytest.Config) -> frozenset[str]:
    return pytestconfig.stash[LOADED]


@pytest.fixture(autouse=True)
def light(request: pytest.FixtureRequest) -> Iterator[None]:
    """A quick test loads no TensorFlow: the first that does takes seconds, of every worker."""
    before = HEAVY & sys.modules.keys()
    yield
    loaded = (HEAVY & sys.modules.keys()) - before
    if loaded and not any(request.node.get_closest_marker(name) for name in ("slow", "peer")):
        pytest.fail(f"This test loads {', '.join(sorted(loaded))}: mark it slow.")


def _turn(item: pytest.Item) -> int:
    used = getattr(item, "fixturenames", ())
    return next((turn for turn, name in enumerate(MACHINES) if name in used), len(MACHINES))


@pytest.fixture(scope="session", autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A lock of this worker's alone, which is what commands started by tests find, too."""
    before = os.environ.get(CHOSEN)
    os.environ[CHOSEN] = str(tmp_path_factory.mktemp("lock") / "lock")
    yield
    if before is None:
        del os.environ[CHOSEN]
    else:
        os.environ[CHOSEN] = before


@pytest.fixture(scope="session")
def converters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    """Whoever lends tests the process in which models are converted."""
    lender = Lender(str(tmp_path_factory.mktemp("converters")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "_Child", lender.lend)
        yield lender
    lender.close()


@pytest.fixture(autouse=True)
def converter(converters: Lender, request: pytest.FixtureRequest) -> None:
    """One that has served other tests serves this one, if it is not what this test is about."""
    converters.on = not request.path.name.startswith(COLD)


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """A folder of `python` and `edgehone` that need not load TensorFlow first."""
    warm = WarmPython()
    yield warm.programs
    warm.close()
