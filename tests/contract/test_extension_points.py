"""Each kind of variant takes one more from a file that lies elsewhere; no file of ours changes.

A row of CONTRIBUTING's table is a row here: the folder of variants is given a second place to look,
where one file lies, and what the user would ask for answers with it.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgehone import formats, targets
from edgehone.compress import _base as compress_base
from edgehone.compress.importances import Importance, importance_of
from edgehone.compress.prune_channels import PruneChannels
from edgehone.compress.recipe.catalogue import catalogue
from edgehone.config.sections import TaskSection
from edgehone.data.sources import read as read_source
from edgehone.data.sources.kinds._base import Source
from edgehone.devices import _base as devices_base
from edgehone.formats import _base as formats_base
from edgehone.measure.device import reach
from edgehone.measure.exchange import runtime_for
from edgehone.runners import _base as runners_base
from edgehone.runners.runtimes import _base as runtimes_base
from edgehone.system import variants
from edgehone.tasks.evaluate import evaluate
from edgehone.tasks.kinds import TaskKind
from edgehone.tasks.metrics import TaskMetric
from edgehone.values import Task

TECHNIQUE = """
from dataclasses import dataclass
from edgehone.compress._base import Outcome, Technique

@dataclass(frozen=True)
class Unchanged(Technique):
    '''Leaves the model as it is.'''

    times: int = 1

    def apply(self, model, context):
        '''The same model.'''
        return Outcome(model, skipped='nothing to do')
"""
IMPORTANCE = """
from edgehone.compress.importances.l2 import L2

class Squared(L2):
    '''Nothing else than L2, under another name.'''
"""
TRANSPORT = """
from edgehone.devices.local import Local

class Mirror(Local):
    '''This machine, under another scheme.'''
"""
RUNNER = """
from edgehone.runners.python import Python

class Sibling(Python):
    '''The Python runner, under another name.'''
"""
RUNTIME = """
from edgehone.runners.runtimes._base import Runtime

class Dummy(Runtime):
    '''Takes files that no other runtime takes.'''

    RUNTIME = 'dummy'
    SUFFIXES = ('.dummy',)

    def hint(self, message):
        '''Always the same.'''
        return 'Try again.'
"""
FORMAT = """
from edgehone.formats.tflite import TFLite

class Wrapped(TFLite):
    '''TFLite files under another ending.'''

    SUFFIX = '.wrapped'
"""
TASK_KIND = """
from edgehone.tasks.kinds.regression import Regression
from edgehone.tasks.numeric import RMSE
from edgehone.tasks.scoring import by_name

class Counting(Regression):
    '''How many there are.'''

    METRICS = by_name(RMSE)
"""
SOURCE = """
import numpy as np
from edgehone.data.sources._base import Raw
from edgehone.data.sources.kinds._base import Source

class Ramp(Source):
    '''Files of another ending.'''

    def takes(self, source, path):
        '''By their names.'''
        return path.suffix == '.ramp'

    def read(self, source, path, request):
        '''As many samples as bytes.'''
        return Raw({'x': np.arange(path.stat().st_size)})
"""
TASK_METRIC = """
from edgehone.tasks.metrics._base import TaskMetric
from edgehone.tasks.outputs import flat
from edgehone.tasks.scoring import Metric, averaged

def furthest(y, outputs):
    return averaged(abs(flat(outputs) - flat(y)).max(axis=1, keepdims=True))

class Furthest(TaskMetric):
    '''The greatest error of a sample, averaged.'''

    FORMS = ('numbers',)

    def metric(self, kind):
        '''One score a sample.'''
        return Metric('added', higher_is_better=False, terms=furthest)
"""


@dataclass(frozen=True)
class Point:
    """A folder of variants, its base, a new variant, and what a user finds of it."""

    package: str
    base: type
    text: str
    found: Callable[[], object]
    want: object


def _profile_that_asks_for_it() -> str:
    Path("board.toml").write_text(
        'description = "A board"\narchitecture = "aarch64"\nprogram = "added"\n'
    )
    return targets.load(Path("board.toml")).program


def _file_that_it_reads() -> list[int]:
    Path("data.ramp").write_bytes(bytes(3))
    return [int(each) for each in read_source("data.ramp").arrays["x"]]


POINTS = {
    "technique": Point(
        "edgehone.compress",
        compress_base.Technique,
        TECHNIQUE,
        lambda: [e["settings"][0]["name"] for e in catalogue() if e["name"] == "added"],
        ["times"],
    ),
    "importance": Point(
        "edgehone.compress.importances",
        Importance,
        IMPORTANCE,
        lambda: type(importance_of(PruneChannels(importance="added").importance)).__name__,
        "Squared",
    ),
    "format": Point(
        "edgehone.formats",
        formats_base.Format,
        FORMAT,
        lambda: formats.of_file(Path("net.wrapped")).name,
        "added",
    ),
    "transport": Point(
        "edgehone.devices",
        devices_base.Transport,
        TRANSPORT,
        lambda: type(reach("added://")).__name__,
        "Mirror",
    ),
    "runner": Point(
        "edgehone.runners",
        runners_base.Runner,
        RUNNER,
        _profile_that_asks_for_it,
        "added",
    ),
    "runtime": Point(
        "edgehone.runners.runtimes",
        runtimes_base.Runtime,
        RUNTIME,
        lambda: runtime_for(Path("net.dummy")).RUNTIME,
        "dummy",
    ),
    "source": Point(
        "edgehone.data.sources.kinds",
        Source,
        SOURCE,
        _file_that_it_reads,
        [0, 1, 2],
    ),
    "kind of task": Point(
        "edgehone.tasks.kinds",
        TaskKind,
        TASK_KIND,
        lambda: TaskSection(kind="added").value,
        Task("added", "rmse"),
    ),
    "metric of tasks": Point(
        "edgehone.tasks.metrics",
        TaskMetric,
        TASK_METRIC,
        lambda: (
            evaluate(
                TaskSection(kind="regression", metric="added").value, np.zeros((2, 2)), np.eye(2)
            ).value
        ),
        1.0,
    ),
}


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Point], None]]:
    """Puts a point's new variant, `added`, where its package looks too."""
    new: list[str] = []

    def put(point: Point) -> None:
        (tmp_path / "added.py").write_text(point.text)
        package = importlib.import_module(point.package)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        new.append(f"{point.package}.added")

    monkeypatch.chdir(tmp_path)
    yield put
    for name in new:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("kind", POINTS)
def test_one_file_adds_a_variant(kind: str, beside: Callable[[Point], None]) -> None:
    point = POINTS[kind]
    before = variants.names(point.package, point.base)
    beside(point)
    assert variants.names(point.package, point.base) == sorted([*before, "added"])
    assert point.found() == point.want


def test_one_file_adds_a_kind_of_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    before = set(targets.profiles())
    place = targets.user_folder()
    place.mkdir(parents=True)
    (place / "my-board.toml").write_text(
        'description = "A board"\narchitecture = "aarch64"\ncores = 4\nruntime = "litert"\n'
    )
    assert set(targets.profiles()) - before == {"my-board"}
