"""A run without a weight of soft labels weighs its teacher once, and all its trainings follow."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import run_parts
from tests.tiny_nets import accuracy, context, dense_net, images

from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSet, Split
from edgehone.run.context import RunContext
from edgehone.run.teacher_weight import with_teacher_weight
from edgehone.values import NOTE, Event, Model


def begun(folder: Path, *, wrong: bool, events: list[Event], **tables: Any) -> RunContext:
    """A context of images, whose training labels mislead if `wrong`; rounds: of its search."""
    whole, others = images(48), images(60, seed=5)
    train = Split(whole.x, (whole.y + 1) % 3) if wrong else whole
    data = DataSet(train, others, others, "made", "0" * 64, 3, unlabelled=images(12, seed=6).x)
    found = run_parts.context(folder, run_parts.settings(**tables))
    workspace = replace(found.workspace, progress=events.append)
    workspace.scratch.mkdir(parents=True)
    return replace(found, workspace=workspace, data=data)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [True, False])
def test_all_trainings_take_what_the_validation_split_was_better_with(
    tmp_path: Path, wrong: bool
) -> None:
    events: list[Event] = []
    distill = {"epochs": 8, "learning_rate": 1e-2, "batch_size": 16, "features": 0.01}
    run = begun(tmp_path, wrong=wrong, events=events, distill=distill)
    knows = fit_hard(dense_net(16, 3, "softmax"), context(), Schedule(20, 16, 1e-2)).model
    guesses = dense_net(16, 3, "softmax", seed=1)
    assert accuracy(knows, run.data.validation) > 0.9 > accuracy(guesses, run.data.validation)
    with run.converter:
        kept = run.workspace.keep_model(knows if wrong else guesses)
        teacher: Model = run.workspace.model(kept)
        found = with_teacher_weight(run, teacher)
        again = with_teacher_weight(run, teacher)
    weights = found.config.distill
    assert again.config.distill == weights
    notes = [each.text for each in events if each.stage == NOTE]
    if wrong:
        assert weights.soft == pytest.approx(0.3 * 3 / 7)
        assert (weights.hard, weights.features) == (0.3, 0.01)
        assert found.data.unlabelled is not None
        assert notes == []
    else:
        assert (weights.soft, weights.hard, weights.features) == (0, 0.3, 0)
        assert found.data.unlabelled is None, "labels alone have no use for them"
        assert "learn from the labels alone" in notes[0]
    assert run.store.made.count("compress") == 1, "looked up the second time"
    assert found.weighed == again.weighed
    assert found.weighed >= (16 if wrong else 8), "both trainings, where there were two"
    assert found.distillation.settings["soft"] == weights.soft


def test_a_weight_that_the_project_names_is_not_tried(tmp_path: Path) -> None:
    run = run_parts.context(tmp_path, run_parts.settings(distill={"soft": 0.7}))
    assert with_teacher_weight(run, run_parts.TEACHER) is run


def test_nothing_is_tried_where_nothing_is_trained(tmp_path: Path) -> None:
    run = run_parts.context(tmp_path, run_parts.settings(search={"rounds": 0}))
    found = with_teacher_weight(run, run_parts.TEACHER)
    assert found.config.distill.soft == pytest.approx(0.3 * 3 / 7)
    assert run.store.made.count("compress") == 0
