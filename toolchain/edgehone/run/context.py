"""What stays the same through all stages of one run: its settings, data, formats and workspace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from edgehone.config import Config, options_of
from edgehone.data import DataSet
from edgehone.export.conversion import Converter
from edgehone.formats._base import Format
from edgehone.graph.first_rate import first_rate
from edgehone.run.spent import Spent
from edgehone.run.stages.teaching import Probe
from edgehone.run.stages.training import Training
from edgehone.run.workspace import Array, Workspace
from edgehone.store import Store
from edgehone.system.user_code import is_reference
from edgehone.values import Step, Task

USUAL_RATE = 1e-3
"""Adam's, where neither the project nor the teacher's file says better."""

PROBE_SAMPLES = 256
"""Validation samples for parity, and the least on which sensitivities are measured."""

MOST_PROBE_SAMPLES, MOST_PROBE_VALUES = 1024, 1_600_000
"""Samples on which sensitivities are measured at most, and the numbers in them from which on they
are fewer: all activations of all of them are in memory at once."""


@dataclass(frozen=True)
class Origins:
    """SHA-256 of the files that a run began with, "" where a function made what it began with."""

    teacher_sha256: str = ""
    data_sha256: str = ""


@dataclass(frozen=True, eq=False)
class RunContext:
    """fresh: other than "" where measurements must not be looked up. store: where the run is kept;
    it is the cache of the workspace as well. spent: where the time goes. weighed: passes over the
    training data that trying the teacher took.
    """

    config: Config
    store: Store
    workspace: Workspace
    data: DataSet
    task: Task
    formats: Mapping[str, Format]
    converter: Converter
    fresh: str = ""
    origins: Origins = Origins()
    spent: Spent = field(default_factory=Spent)
    weighed: int = 0

    @cached_property
    def calibration(self) -> Array:
        """Training samples that activation ranges are taken from."""
        return self.data.calibration(*self.calibration_key)

    @property
    def calibration_key(self) -> tuple[int, int]:
        """What, beside the data, says which samples `calibration` has."""
        settings = self.config.data
        return settings.calibration, settings.seed

    @cached_property
    def probe(self) -> Probe:
        """Validation samples on which sensitivities are measured: a model knows those that it was
        trained on so well that mild changes seem to lose nothing.
        """
        x, seed = self.data.validation.x, self.config.search.seed
        fitting = MOST_PROBE_VALUES // max(prod(x.shape[1:]), 1)
        count = min(max(PROBE_SAMPLES, fitting), MOST_PROBE_SAMPLES)
        order = np.random.default_rng(seed + 1).permutation(len(x))[:count]
        return Probe(np.asarray(x[np.sort(order)]), (count, seed))

    @cached_property
    def training(self) -> Training:
        """What recipes are carried out with; files are compared on validation samples."""
        compared_x = self.data.validation.x[:PROBE_SAMPLES]
        return Training(
            self.data,
            self.task,
            self.config.search.seed,
            compared_x,
            on_disk=True,
            options=options_of(self.config.data, self.config.training).of_model(
                self.config.model.teacher
            ),
        )

    @property
    def own_techniques(self) -> str:
        """What is looked up no longer than one run, where a technique of the search is the user's
        own code: the run; "": there is none.
        """
        own = any(map(is_reference, self.config.search.techniques))
        return self.workspace.folder.name if own else ""

    @property
    def distillation(self) -> Step:
        """The step that trains a student or a compressed candidate with the teacher."""
        settings = self.config.distill.model_dump(exclude={"quantize_aware_epochs", "final_epochs"})
        return Step("distill", {**settings, "learning_rate": self.learning_rate})

    @cached_property
    def learning_rate(self) -> float:
        """The highest rate that candidates are trained with."""
        asked = self.config.distill.learning_rate
        return asked or first_rate(self.config.model.teacher) or USUAL_RATE
