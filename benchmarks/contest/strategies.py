"""edgehone's strategies with a count of what they were told, and with parts taken out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import edgehone as eh
from edgehone.search.history import Goal, Tables, Trial
from edgehone.search.strategies.allocate import Allocate
from edgehone.search.strategies.netadapt import NetAdapt
from edgehone.search.strategies.optuna import Optuna
from edgehone.system.files import write_whole
from edgehone.values import LayerSpec

Answer = eh.Proposal | eh.Stop

SEEN = "seen"
"""Where the log has what was counted already."""


def count(tables: Tables, log: str) -> None:
    """Write how many losses were probed that were not before in this run, by the table that they
    are in, so that the bill can say so.
    """
    file = Path(log)
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    probed = [
        f"{technique} {subject} {option} {loss!r}"
        for technique, rows in tables.losses.table.items()
        for subject, row in rows.items()
        for option, loss in row.items()
    ]
    seen = set(known.get(SEEN, []))
    new = [each for each in probed if each not in seen]
    if new:
        name = hashlib.sha256("".join(sorted(probed)).encode()).hexdigest()[:12]
        found = {**known, name: len(new), SEEN: sorted({*seen, *new})}
        write_whole(file, json.dumps(found))


@dataclass(frozen=True)
class Ours(Allocate):
    """edgehone's own, as it is by default. log: where probes are counted."""

    log: str = ""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Answer:
        """The next plan."""
        count(tables, self.log)
        return super().ask(tables, trials, goal)


@dataclass(frozen=True)
class ByMacs(Allocate):
    """Costs are multiply-accumulates; the correction by measurements stays, as without it there
    would be no latency to aim for.
    """

    log: str = ""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Answer:
        """The next plan, in tables that were not measured."""
        count(tables, self.log)
        counted = replace(tables, cost=_macs, rest={})
        known = [replace(trial, sums=counted.totals(trial.plan)) for trial in trials]
        return super().ask(counted, known, goal)


@dataclass(frozen=True)
class Uncorrected(Allocate):
    """Predictions are not corrected by what candidates turned out to be: only by the baselines."""

    log: str = ""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Answer:
        """The next plan, as if everything had come out as predicted."""
        count(tables, self.log)
        expected = [
            replace(trial, metrics={**trial.metrics, **trial.predicted})
            if trial.target is not None and trial.metrics
            else trial
            for trial in trials
        ]
        return super().ask(tables, expected, goal)


@dataclass(frozen=True)
class CountedNetAdapt(NetAdapt):
    """NetAdapt. log: where probes are counted."""

    log: str = ""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Answer:
        """The next plan."""
        count(tables, self.log)
        return super().ask(tables, trials, goal)


@dataclass(frozen=True)
class CountedOptuna(Optuna):
    """Optuna. log: where probes are counted."""

    log: str = ""

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Answer:
        """The next plan."""
        count(tables, self.log)
        return super().ask(tables, trials, goal)


def _macs(spec: LayerSpec, precision: str, default: str) -> float | None:
    """Multiply-accumulates of a layer in millions, whatever its precision."""
    stride_h, stride_w = spec.strides
    outputs = -(-spec.height // stride_h) * -(-spec.width // stride_w)
    if spec.kind == "dense":
        outputs = 1
    window = spec.kernel[0] * spec.kernel[1] * spec.in_channels
    if spec.kind == "depthwise":
        return outputs * window / 1e6
    return outputs * window * spec.out_channels / 1e6
