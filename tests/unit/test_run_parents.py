"""When a run trains a slimmable parent, what candidates take from it, and that its bill is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import run_parts, small_project
from tests.search_worlds import chain

from edgehone.compress._base import TrainingContext
from edgehone.compress.recipe import compress
from edgehone.config import load
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.documents.run.parent import ParentEntry
from edgehone.graph import backend
from edgehone.report.page import render
from edgehone.run import building, loop, parents
from edgehone.run.context import RunContext
from edgehone.search.decisions.prune_weights import PruneWeights
from edgehone.search.plan import Plan
from edgehone.search.recipes import recipe_of
from edgehone.store import Store
from edgehone.values import WARNING, Event, Model, Recipe, Step

SPACE = chain().space


def cut_to(share: float) -> Plan:
    """A plan of the chain in which every group keeps about this share."""
    whole = SPACE.unchanged("int8")
    [channels] = [each for each in SPACE.decisions if each.NAME == "prune_channels"]
    kept = {
        name: min(options, key=lambda count: abs(int(count) - share * int(options[0])))
        for name, options in channels.subjects.items()
    }
    return Plan({**whole.choices, "prune_channels": kept}, "int8")


@pytest.mark.parametrize("share", [1.0, 0.75, 0.5, 0.25])
def test_kept_share_is_that_of_all_channels(share: float) -> None:
    assert parents.kept_share(cut_to(share), SPACE) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(
    ("mode", "share", "left", "expected"),
    [
        ("auto", 0.25, 8, True),
        ("auto", 0.25, 7, False),
        ("auto", 0.75, 9, False),
        ("always", 0.75, 1, True),
        ("always", 1.0, 9, False),
        ("never", 0.25, 9, False),
    ],
)
def test_parent_is_trained_for_deep_cuts_that_several_share(
    mode: str, share: float, left: int, expected: bool, tmp_path: Path
) -> None:
    config = run_parts.settings(search={"parent": mode})
    state = run_parts.state(run_parts.context(tmp_path, config))
    assert parents.wanted(state, cut_to(share), SPACE, left) is expected
    begun = replace(state, parent=parents.parent_step(state.context))
    assert not parents.wanted(begun, cut_to(share), SPACE, left)


def test_only_deep_cuts_come_out_of_the_parent(tmp_path: Path) -> None:
    config = run_parts.settings(distill={"temperature": 2.0}, search={"parent_epochs": 7})
    state = run_parts.state(run_parts.context(tmp_path, config))
    usual = Recipe((Step("prune_channels", {"channels": {"g0": 8}}), Step("distill", {})))
    assert parents.cut_from(state, usual, cut_to(0.25), SPACE) == usual
    begun = replace(state, parent=parents.parent_step(state.context))
    assert parents.cut_from(begun, usual, cut_to(0.75), SPACE) == usual
    first, second = parents.cut_from(begun, usual, cut_to(0.25), SPACE).steps
    assert (first.technique, second) == ("slimmable", usual.steps[1])
    assert first.settings["channels"] == {"g0": 8}
    assert (first.settings["temperature"], first.settings["epochs"]) == (2.0, 7)


def test_cuts_after_another_step_do_not_come_out_of_a_parent(tmp_path: Path) -> None:
    """A parent is one of the model as it is, not of what another technique made of it."""
    channels = next(each for each in SPACE.decisions if each.NAME == "prune_channels")
    zeros = PruneWeights({"d": (0.0, 0.5)})
    plan = cut_to(0.25)
    plan = replace(plan, choices={**plan.choices, "prune_weights": {"d": 0.5}})
    config = run_parts.settings(search={"parent": "always"})
    state = run_parts.state(run_parts.context(tmp_path, config))
    begun = replace(state, parent=parents.parent_step(state.context))
    for decisions, expected in (((channels, zeros), True), ((zeros, channels), False)):
        space = replace(SPACE, decisions=decisions)
        recipe = recipe_of(plan, space, {})
        assert parents.wanted(state, plan, space, 8) is expected
        cut = parents.cut_from(begun, recipe, plan, space)
        assert (cut.steps[0].technique == "slimmable") is expected
        assert cut.steps[1:] == recipe.steps[1:]


def test_bill_is_told_in_words_and_read_back() -> None:
    entry = ParentEntry(16, 34.2, 3)
    assert ParentEntry.from_json(entry.to_json()) == entry
    assert ParentEntry.from_json(None) is None
    assert entry.sentence == (
        "3 candidates cut out of one slimmable parent, which cost 16 passes over the training data "
        "(34 s)"
    )


def network() -> Any:
    keras: Any = backend.keras()
    backend.seed(3)
    layers = keras.layers
    x = start = layers.Input((6,), name="values")
    x = layers.BatchNormalization(name="norm")(layers.Dense(16, name="hidden")(x))
    x = layers.ReLU(name="relu")(x)
    return keras.Model(start, layers.Dense(3, activation="softmax", name="label")(x))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    found = run_parts.context(tmp_path_factory.mktemp("run"))
    workspace = replace(found.workspace, progress=EVENTS.append)
    workspace.scratch.mkdir(parents=True)
    with found.converter:
        yield replace(found, workspace=workspace)


EVENTS: list[Event] = []


@pytest.mark.slow
def test_candidates_share_a_parent_and_are_what_their_recipes_make(context: RunContext) -> None:
    workspace = context.workspace
    teacher: Model = workspace.model(workspace.keep_model(network()))
    model = workspace.keras_model(teacher)
    for count in (4, 7):
        settings = {"channels": {"hidden": count}, "epochs": 2}
        recipe = Recipe((Step("slimmable", settings), Step("distill", {"epochs": 1})))
        built = building.compressed(context, teacher, recipe, teacher, "make it")
        alone = TrainingContext(model, context.data, context.task, context.config.search.seed)
        made, _ = compress(model, recipe, alone)
        found = workspace.keras_model(built.candidate.model)
        assert found.get_layer("hidden").units == count
        for one, other in zip(found.get_weights(), made.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert context.store.made.count("parent") == 1
    assert sum(each.text.startswith("loss") and each.total == 2 for each in EVENTS) == 2


@pytest.mark.slow
def test_run_tells_what_its_parent_cost(tmp_path: Path) -> None:
    project = small_project.write(tmp_path)
    asked = '[search]\nparent = "always"\nparent_epochs = 2\ntechniques = ["prune_channels"]'
    project.write_text(project.read_text().replace("[search]", asked))
    store = Store(tmp_path / "runs")
    events: list[Event] = []
    found = loop.run(
        load(project), store=store, on=[small_project.device(tmp_path)], progress=events.append
    )
    document = found.to_json()
    jsonschema.validate(document, schema("run"))
    cut = [each for each in found.candidates if each.steps[0].technique == "slimmable"]
    assert document["parent"]["epochs"] == 8
    assert document["parent"]["candidates"] == len(cut) >= 1
    assert store.made.count("parent") == store.made.count("parent sensitivity") == 1
    assert any("The slimmable parent cost 8 passes" in each.text for each in events)
    assert "cut out of one slimmable parent" in render(RunDocument.from_json(document))


@pytest.mark.slow
def test_parent_that_diverged_is_told_and_done_without(context: RunContext) -> None:
    workspace, usual = context.workspace, context.data
    broken = replace(usual.train, x=np.full_like(usual.train.x, np.nan))
    data = replace(usual, train=broken, sha256="e" * 64)
    context = replace(context, data=data, config=run_parts.settings(search={"parent": "always"}))
    base: Model = workspace.model(workspace.keep_model(network()))
    recipe = Recipe((Step("slimmable", {"channels": {"hidden": 4}}),))
    built = building.compressed(context, base, recipe, base, "make it")
    (report,) = built.candidate.steps
    assert report.skipped.startswith("training diverged in epoch 1")
    kept = workspace.keras_model(built.candidate.model)
    assert kept.get_layer("hidden").units == 16
    assert all(np.isfinite(weight).all() for weight in kept.get_weights())

    state = replace(run_parts.state(context), base=base, teacher=base)
    tables = chain()
    for _ in range(2):  # trained, and looked up as a resumed run does
        found, same, trials = parents.begun(state, tables, [])
        assert (found.parent, same, trials) == (None, tables, [])
        assert EVENTS[-1] == Event(WARNING, parents.DIVERGED)
        assert not parents.wanted(found, cut_to(0.25), SPACE, 8)
