"""Sensitivities taken again around a candidate: what goes further costs what it costs there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import run_parts
from tests import search_worlds as worlds

from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.graph.groups import ChannelGraph, Group
from edgehone.run import building
from edgehone.run.around import Around, judged_by
from edgehone.run.context import RunContext
from edgehone.run.cost_tables import tables_of
from edgehone.search.decisions.prune_channels import PruneChannels
from edgehone.search.plan import Losses, Plan
from edgehone.values import Event, Recipe, Step


def graph_of(**widths: int) -> ChannelGraph:
    groups = tuple(Group(name, (name,), width, prunable=True) for name, width in widths.items())
    return ChannelGraph(groups, (), {}, {})


def kept(**counts: int) -> Plan:
    return Plan({"prune_channels": counts}, "int8")


def test_what_is_left_to_decide_is_narrower_than_the_plan() -> None:
    decision = PruneChannels({"a": (32, 24, 16, 8), "b": (16, 8), "c": (64, 32), "d": (8, 4)})
    plan = kept(a=24, b=8, c=64, d=8)
    found = decision.further(plan, graph_of(a=24, b=8, c=60))
    assert found is not None
    assert found.subjects == {"a": (24, 16, 8)}  # b ends there; c is of another width; d is gone


def test_techniques_that_are_not_probed_again_say_so() -> None:
    space = worlds.chain().space
    plan = space.unchanged("int8")
    left = [each.further(plan, graph_of(g0=32)) for each in space.decisions]
    assert [each is None for each in left] == [False, True, True]


def test_found_losses_count_from_what_the_plan_was_predicted_to_lose() -> None:
    table = Losses({"prune_channels": {"a": {32: 0.0, 24: 0.5, 16: 1.0, 8: 2.0}, "b": {8: 0.3}}})
    found = table.beyond(kept(a=24, b=16), {"prune_channels": {"a": {24: 0.0, 16: 0.1, 8: 0.9}}})
    assert found.table["prune_channels"]["a"] == {32: 0.0, 24: 0.5, 16: 0.6, 8: 1.4}
    assert found.table["prune_channels"]["b"] == {8: 0.3}
    assert table.at("prune_channels", "a", 16) == 1.0
    again = found.beyond(kept(a=24, b=16), {"prune_channels": {"a": {24: 0.0, 16: 0.1, 8: 0.9}}})
    assert again == found


def test_trials_are_judged_by_the_tables_as_they_are_now() -> None:
    tables = worlds.chain()
    plan = tables.space.smallest("int8")
    trials = [*worlds.baselines(tables), worlds.measured(tables, plan, 0.1)]
    other = replace(tables, losses=Losses({}))
    assert [each.sums.loss for each in judged_by(other, trials)] == [0.0, 0.0, 0.0]
    assert judged_by(tables, trials) == trials


@pytest.mark.slow
def test_they_are_probed_once_on_the_candidates_own_model(tmp_path: Path) -> None:
    events: list[Event] = []
    context = _context(tmp_path, events)
    keras: Any = backend.keras()
    backend.seed(3)
    layers = keras.layers
    x = start = layers.Input((6,), name="values")
    x = layers.Dense(32, activation="relu", name="hidden")(x)
    made = keras.Model(start, layers.Dense(3, activation="softmax", name="label")(x))
    teacher = context.workspace.model(context.workspace.keep_model(made))
    with context.converter:
        outputs = building.teacher_outputs(context, teacher)
        device = run_parts.scripted(tmp_path, "a")
        tables = tables_of(context, teacher, device, outputs, "tflite")
        cut = Recipe((Step("prune_channels", {"channels": {"hidden": 16}}),))
        model = building.compressed(context, teacher, cut, teacher, "cut").candidate.model
    start_plan = tables.space.unchanged("int8")
    plan = Plan({**start_plan.choices, "prune_channels": {"hidden": 16}}, "int8")
    around = Around(context, outputs, plan, model)
    found = around.tables(tables)
    before, after = (t.losses.table["prune_channels"]["hidden"] for t in (tables, found))
    assert {n: after[n] for n in after if int(n) >= 16} == {
        n: before[n] for n in before if int(n) >= 16
    }
    assert {n for n in after if after[n] != before[n]} == {n for n in after if int(n) < 16}
    assert after[min(after)] > after[16]
    probed = sum(event.stage == "sensitivity of channels" for event in events)
    assert around.tables(tables).losses == found.losses
    assert sum(event.stage == "sensitivity of channels" for event in events) == probed


def _context(folder: Path, events: list[Event]) -> RunContext:
    found = run_parts.context(folder)
    workspace = replace(found.workspace, progress=events.append)
    workspace.scratch.mkdir(parents=True)
    config = run_parts.settings(search={"seed": 11, "precisions": ("int8", "float32")})
    return replace(found, workspace=workspace, formats={"tflite": TFLite()}, config=config)
