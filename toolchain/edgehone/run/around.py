"""Sensitivities taken again around a candidate: the table holds near to where it was taken."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgehone.run.context import RunContext
from edgehone.run.cost_tables import pairs_of, table_from_pairs
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.search.history import Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.sensitivity import Probe, Probing, Table
from edgehone.values import Model

STAGE, VERSION = "sensitivity around", 2


@dataclass(frozen=True)
class Around:
    """A run's search at one of its candidates: the model that a plan made, and was trained to."""

    context: RunContext
    outputs: TeacherOutputs
    plan: Plan
    model: Model

    def tables(self, tables: Tables) -> Tables:
        """The tables with the losses of what goes further than the plan, as they are now."""
        found = {name: table_from_pairs(pairs) for name, pairs in self._looked_up(tables).items()}
        return replace(tables, losses=tables.losses.beyond(self.plan, found))

    def _looked_up(self, tables: Tables) -> Mapping[str, Any]:
        context = self.context
        techniques = [each.NAME for each in tables.space.decisions]
        inputs = {
            "model": self.model.sha256,
            "options": {
                each.NAME: {name: list(options) for name, options in each.subjects.items()}
                for each in tables.space.decisions
            },
            "plan": {name: dict(self.plan.of(name)) for name in techniques},
            "own": context.own_techniques,
            "probe": [context.data.sha256, *context.probe.drawn_by],
            "kind": context.task.kind,
        }
        return context.workspace.cache.stage(
            STAGE, inputs, lambda: self._probed(tables), version=VERSION
        )

    def _probed(self, tables: Tables) -> dict[str, Any]:
        from edgehone.graph.groups import analyse

        context = self.context
        model = context.workspace.keras_model(self.model)
        graph = analyse(model)
        probing = Probing(
            model,
            graph,
            Probe(context.probe.x, context.task.kind),
            lambda layer, precision: None,
            context.workspace.progress,
        )
        found: dict[str, Table] = {}
        for decision in tables.space.decisions:
            left = decision.further(self.plan, graph)
            if left is not None and left.subjects:
                found[decision.NAME] = left.losses(probing)
        return {name: pairs_of(table) for name, table in found.items()}


def judged_by(tables: Tables, trials: list[Trial]) -> list[Trial]:
    """The trials with the sums that these tables give their plans."""
    return [replace(trial, sums=tables.totals(trial.plan)) for trial in trials]
