"""The study of verdicts is honest: the simulated machine knows no names, and its truth is true."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgehone.measure.exchange import Answer
from edgehone.measure.jobs import ordered
from edgehone.measure.rounds import Rounds, counted, extended
from edgehone.values import silent

FOLDER = Path(__file__).parents[2] / "benchmarks" / "verdicts"
MODULES = ("noises", "machine", "comparing", "gating", "study")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The study's modules, under names that no other test sees."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in MODULES:
        sys.modules.pop(name, None)
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


def slots(machine: type, noise: object, order: int, ratio: float, rounds: int = 12) -> list[float]:
    """Times in the order in which they were measured."""
    simulated = machine(noise, (ratio, 1.0), order, np.random.default_rng(5))
    jobs = simulated.measure(range(rounds)).jobs
    return [job["samples_ns"][0] for job in jobs.values()]


def test_what_disturbs_a_block_does_not_know_whose_it_is(parts: SimpleNamespace) -> None:
    for noise in parts.noises.NOISES.values():
        assert slots(parts.machine.Machine, noise, 1, 1.0) == slots(
            parts.machine.Machine, noise, 2, 1.0
        )
        assert slots(parts.machine.Machine, noise, 1, 1.3) != slots(
            parts.machine.Machine, noise, 2, 1.3
        )


def test_blocks_are_measured_in_the_orders_of_a_real_request(parts: SimpleNamespace) -> None:
    jobs = (
        parts.machine.Machine(
            parts.noises.NOISES["spikes"], (1.0, 1.0), 3, np.random.default_rng(0)
        )
        .measure(range(9))
        .jobs
    )
    real = [f"{place}/latency/{n}" for n in range(9) for place in ordered((0, 1), n, 3)]
    assert list(jobs) == real


def test_the_true_ratio_is_in_the_times(parts: SimpleNamespace) -> None:
    for noise in ("independent", "random walk", "two modes by process, 15 %"):
        machine = parts.machine.Machine(
            parts.noises.NOISES[noise], (1.25, 1.0), 0, np.random.default_rng(1)
        )
        jobs = machine.measure(range(120)).jobs
        logs = [
            np.log(
                jobs[f"0/latency/{n}"]["samples_ns"][0] / jobs[f"1/latency/{n}"]["samples_ns"][0]
            )
            for n in range(120)
        ]
        assert np.mean(logs) == pytest.approx(np.log(1.25), abs=0.03)


def test_rounds_are_rejected_when_the_whole_machine_is_slow(parts: SimpleNamespace) -> None:
    machine = parts.machine.Machine(
        parts.noises.Noise(parts.noises.drift(0.8)), (1.0, 1.0), 0, np.random.default_rng(1)
    )
    rounds = extended(Rounds(Answer({}, {})), 12, parts.comparing.DEVICE, machine.measure, silent)
    _, common = counted(rounds, 12, parts.comparing.DEVICE)
    assert common["rejected"]["rounds"] > 0
    assert machine.blocks > 24


@pytest.mark.parametrize(("ratio", "word"), [(1.5, "slower"), (1 / 1.5, "faster"), (1.0, "same")])
def test_what_is_plain_is_said(parts: SimpleNamespace, ratio: float, word: str) -> None:
    found = parts.comparing.one("independent", ratio, 11, interval=True)
    assert found.word == word
    assert found.covers


def test_a_gate_is_simulated_against_its_true_p50(parts: SimpleNamespace) -> None:
    from edgehone.decide.timing import Timing

    session = parts.gating.Session("two modes by process, 8 %", 3)
    assert session.truth == pytest.approx(1.04, abs=0.01)
    far, blocks = session.judged(2.0, Timing())
    assert (far.verdict, blocks) == ("pass", 6)
    assert session.judged(0.5, Timing())[0].verdict == "fail"


@pytest.mark.slow
def test_the_quick_study_writes_shares_and_a_table(parts: SimpleNamespace) -> None:
    compared = parts.comparing.rows(2, 1, ["independent", "spikes"])
    gated = [vars(row) for row in parts.gating.place_rows("independent", 2, 1, earlier=0)]
    for row in compared:
        assert 0 <= row["slower"] + row["faster"] + row["same"] <= 1
        assert 12 <= row["pairs"] <= 108
    written = parts.study.text({"compare": compared, "gate": gated})
    assert "| independent | " in written
    assert "False differences in all: " in written


def test_the_table_in_the_repository_is_that_of_its_numbers(parts: SimpleNamespace) -> None:
    numbers = json.loads((FOLDER / "results.json").read_text())
    assert (FOLDER / "results.md").read_text() == parts.study.text(numbers)
    assert {row["noise"] for row in numbers["compare"]} == set(parts.noises.NOISES)
