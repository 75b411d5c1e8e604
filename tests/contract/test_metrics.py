"""What every budget metric promises, and that one is added without touching the package."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests import search_worlds as worlds
from tests import tiny_models
from tests.unit.test_cli_measuring import run, valid

from edgehone.budgets import Budget
from edgehone.config import load as load_config
from edgehone.decide import metrics
from edgehone.decide.budget_metrics import METRICS, Capabilities, metric_of, reading
from edgehone.decide.decision import decide
from edgehone.decide.metrics import PACKAGE
from edgehone.decide.metrics._base import Need
from edgehone.errors import ConfigError
from edgehone.measure.device import resolve
from edgehone.run import preflight
from edgehone.search.history import Goal, Proposal
from edgehone.search.strategies.allocate import Allocate
from edgehone.values import Artifact, DeviceInfo, Latency, Measurement, Memory, RuntimeInfo

NAMES = tuple(METRICS)
NEEDS: tuple[Need, ...] = ("latency", "memory", "instructions", "energy", "data", "baseline")
ARTIFACT = Artifact(Path("m.tflite"), "tflite", "int8", 1000, 800, "0" * 64)
NOTHING = Measurement(
    ARTIFACT, DeviceInfo("pi", "arm-cpu"), RuntimeInfo("litert", "2", "xnnpack", 1), None, None
)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_has_a_value_or_says_why_not(name: str) -> None:
    found = reading(NOTHING, name)
    assert (found.value is None) == bool(found.reason)
    assert (found.value is not None) == METRICS[name].of_file


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_is_told_by_devices_that_have_what_it_needs(name: str) -> None:
    metric = METRICS[name]
    assert metric.unavailable(Capabilities()) == ""
    for need in NEEDS:
        found = metric.unavailable(Capabilities({need: "lacks it"}))
        assert found == ("lacks it" if need in metric.NEEDS else "")


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_its_unit_in_its_name(name: str) -> None:
    unit = METRICS[name].UNIT
    assert name.endswith(f"_{unit}") == (unit in ("bytes", "ms"))


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_that_is_not_summed_follows_one_that_is(name: str) -> None:
    metric = METRICS[name]
    if metric.PROPORTIONAL_TO:
        assert METRICS[metric.PROPORTIONAL_TO].SEARCH_SUM


def test_metrics_of_quality_know_which_side_is_better() -> None:
    sides = {name: METRICS[name].RISES for name in NAMES if METRICS[name].quality}
    assert sides == {"accuracy": None, "accuracy_drop": False, "agreement": True}


OWN = '''
from typing import ClassVar

from edgehone.decide.metrics._base import BudgetMetric, Reading, exact


class SteadyMemory(BudgetMetric):
    """What is still held after some inferences."""

    UNIT = "bytes"
    NEEDS = frozenset({"memory"})
    SEARCH_SUM = "memory_bytes"

    def read(self, measurement):
        memory = measurement.memory
        return exact(None if memory is None else memory.peak / 2, "memory was not measured")
'''
NAMED = ("steady_memory_bytes", "python:steady_memory_bytes:SteadyMemory")


@pytest.fixture(params=NAMED)
def own(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A metric in a folder outside of the package: its name as a file, and as a user's class."""
    (tmp_path / "steady_memory_bytes.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if request.param == NAMED[0]:
        monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(tmp_path)])
    yield request.param
    for name in ("steady_memory_bytes", f"{PACKAGE}.steady_memory_bytes"):
        sys.modules.pop(name, None)


def test_one_more_metric_is_decided_by(own: str) -> None:
    measured = replace(NOTHING, memory=Memory(5000, 1000, 90_000))
    for limit, outcome in ((2500, "pass"), (2499, "fail")):
        assert decide(measured, [Budget(own, "max", limit)]).outcome == outcome
    assert (own in METRICS, metric_of(own).timed, metric_of(own).of_file) == (True, False, False)


@pytest.mark.slow
def test_one_more_metric_is_gated(
    own: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate measures what it needs, and nothing else."""
    model = tiny_models.dense(tmp_path)
    (tmp_path / "quick.json").write_text("{}")
    where = f"arm-cpu@scripted://{tmp_path / 'quick.json'}"
    for limit, code, outcome in (('"1 GiB"', 0, "pass"), ('"2 KiB"', 1, "fail")):
        table = f'[[budget]]\nmetric = "{own}"\nmax = {limit}\n'
        (tmp_path / "budgets.toml").write_text(table)
        found_code, found = run(
            capsys, "gate", str(tmp_path / "budgets.toml"), str(model), "--on", where
        )
        assert (found_code, found["decision"]) == (code, outcome)
        assert valid("gate", found)
        assert found["checks"][0]["value"] > 0
        (measured,) = found["measurements"]
        assert measured["latency_ms"] is None


def test_one_more_metric_is_searched(own: str) -> None:
    """Its budget limits the plans, and it is corrected and predicted as its sum."""
    tables = worlds.chain()
    free = Goal("latency_p50_ms", True, ())
    trials = [
        replace(trial, metrics={**trial.metrics, own: trial.sums.memory_bytes + 100})
        for trial in worlds.baselines(tables)
    ]
    without = Allocate().ask(tables, trials, free)
    assert isinstance(without, Proposal)
    most = 0.5 * min(trial.metrics[own] for trial in trials)
    assert without.sums.memory_bytes + 100 > most
    found = Allocate().ask(tables, trials, replace(free, budgets=(Budget(own, "max", most),)))
    assert isinstance(found, Proposal)
    assert found.sums.memory_bytes + 100 <= most
    assert found.predicted[own] == pytest.approx(found.sums.memory_bytes + 100, rel=0.02)
    least = Allocate().ask(tables, trials, Goal(own, True, ()))
    assert isinstance(least, Proposal)
    assert least.target < min(trial.metrics[own] for trial in trials)


def test_one_more_metric_may_be_an_objective_where_the_device_tells_it(
    own: str, tmp_path: Path
) -> None:
    (tmp_path / "quick.json").write_text("{}")
    (tmp_path / "edgehone.toml").write_text(
        f'[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n[objective]\n'
        f'minimize = "{own}"\n[[budget]]\nmetric = "{own}"\nmax = "1 MiB"\n'
    )
    config = load_config(tmp_path / "edgehone.toml")
    script = f"scripted://{tmp_path / 'quick.json'}"
    preflight.require_answers(config, [resolve("local", {})])
    with pytest.raises(ConfigError, match="memory is the emulator's"):
        preflight.require_answers(config, [resolve(f"arm-emulated@{script}", {})])


def test_times_need_a_clock_that_counts() -> None:
    timed = replace(NOTHING, latency=Latency(((1.0, 1.1), (1.0, 1.2)), (2.0, 2.0), (3.0, 3.0)))
    assert {name for name in NAMES if reading(timed, name).value is not None} == {
        *(name for name in NAMES if METRICS[name].timed),
        *(name for name in NAMES if METRICS[name].of_file),
    }
