"""How a run stands: its models and baselines, its rounds, and the entries that came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehone.budgets import Decision
from edgehone.decide.sample_sizes import Need
from edgehone.measure.device import Device
from edgehone.measure.fleet import Lost
from edgehone.run.context import RunContext
from edgehone.run.stages.quantization import Refused
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.run.teacher_check import Finding
from edgehone.search.accountability import NO_ACCOUNT, Account
from edgehone.search.history import Goal, Trial
from edgehone.search.plan import Plan
from edgehone.values import Artifact, Candidate, Measurement, Model, Step


@dataclass(frozen=True)
class Entry:
    """One artifact on the run's list: how it came about, what was predicted, what was measured.

    speedup: how many times faster than the float32 baseline of the same batch, with its interval.
    measurement is the first device's, which the search looks at; elsewhere: the other devices'.
    outdone: the same network trained longer, or shorter, is better, so that this one cannot win.
    """

    name: str
    round: int
    artifact: Artifact
    measurement: Measurement
    decision: Decision
    speedup: tuple[float, tuple[float, float]] | None = None
    predicted: Mapping[str, float] | None = None
    layers: Sequence[Mapping[str, object]] = ()
    elsewhere: tuple[Measurement, ...] = ()
    outdone: bool = False


@dataclass(frozen=True)
class Made:
    """A candidate that was built, measured or not; plan: of the search, where it found one."""

    name: str
    candidate: Candidate
    plan: Plan | None = None


@dataclass(frozen=True)
class LeftOut:
    """A candidate that was trained for a part of the epochs only, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Round:
    """One round: what the objective was asked to be, the entries of its candidates, what the search
    learned of each, lost ones included, each as it was built, in the same order, and the devices
    that could not be measured on. final: it is the one of candidates that were trained on.
    left_out: candidates that were left out by halving, and are not measured.
    """

    number: int
    asked: float
    entries: tuple[Entry, ...]
    trials: tuple[Trial, ...] = ()
    refused: tuple[Refused, ...] = ()
    lost: tuple[Lost, ...] = ()
    made: tuple[Made, ...] = ()
    final: bool = False
    left_out: tuple[LeftOut, ...] = ()

    @property
    def measured(self) -> tuple[Trial, ...]:
        """What was learned of the candidates that could be measured."""
        return tuple(trial for trial in self.trials if not trial.lost)


@dataclass(frozen=True)
class Finalist:
    """A candidate that was trained on: the name of its file's entry and of the one it goes on from,
    whether it was trained with the file's rounding, the passes over the data it took beyond those,
    the task's metric on validation samples before and after, and whether it is kept: it is the best
    of its network.
    """

    name: str
    origin: str
    format: str
    aware: bool
    epochs: int
    before: float | None
    after: float | None
    kept: bool


@dataclass(frozen=True)
class Searched:
    """What a search did: its rounds, why it stopped, and the share in [0, 1] of the base's weights
    that it could change layer by layer; None: nothing was searched. account: of its predictions, as
    its trials were judged at the end. finalists: what was trained on; remark: why nothing was.
    """

    rounds: Sequence[Round]
    stopped: str
    covered: float | None = None
    account: Account = NO_ACCOUNT
    finalists: tuple[Finalist, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class RunState:
    """What stays the same through the rounds of one run. devices: the first is the one that is
    searched for. refused: formats that the teacher could not be made in; checked: the winner's
    robustness beside the teacher's, once there is a winner; students: what was tried to find the
    base; lost: devices that the baselines could not be measured on; teaching: the teacher beside a
    constant answer; needs: budgets on quality that the test samples are too few for; base_steps:
    what made `base` of the teacher or of the student's file; parent: the step that trains the
    slimmable parent, once deeply cut candidates come out of one; parent_diverged: its training did,
    and none is trained again.
    """

    context: RunContext
    devices: tuple[Device, ...]
    teacher: Model
    base: Model
    outputs: TeacherOutputs
    baselines: tuple[Entry, ...]
    goal: Goal
    refused: tuple[Refused, ...] = ()
    checked: Mapping[str, Any] | None = None
    students: Sequence[Mapping[str, Any]] = ()
    lost: tuple[Lost, ...] = ()
    teaching: Finding | None = None
    needs: tuple[Need, ...] = ()
    base_steps: tuple[Step, ...] = ()
    parent: Step | None = None
    parent_diverged: bool = False

    @property
    def device(self) -> Device:
        """The device that the search is for."""
        return self.devices[0]

    @property
    def primary(self) -> str:
        """The format that the search looks at."""
        return self.context.config.export.formats[0]
