"""What the teacher answers on the training samples: computed once, also for later processes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import run_parts

from edgehone.compress._base import Recall
from edgehone.run.context import RunContext
from edgehone.run.stages import teacher_answers
from edgehone.run.stages.teacher_answers import recall_of
from edgehone.values import Model

ARRAYS = (np.arange(12.0).reshape(6, 2), np.ones((6, 4), np.float32))


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    found = run_parts.context(tmp_path)
    found.workspace.scratch.mkdir(parents=True)
    return found


class Counted:
    """Gives the arrays, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[Any, ...]:
        self.times += 1
        return ARRAYS


def recall(context: RunContext, teacher: Model = run_parts.TEACHER) -> Recall:
    """As in a new process."""
    found = recall_of(teacher, context.training, context.workspace)
    assert found is not None
    return found


def equal(found: tuple[Any, ...]) -> bool:
    pairs = zip(found, ARRAYS, strict=True)
    return all(np.array_equal(one, other) and one.dtype == other.dtype for one, other in pairs)


def test_answers_are_computed_once_and_mapped_from_the_disk(context: RunContext) -> None:
    make = Counted()
    first, again = recall(context)([], make), recall(context)([], make)
    assert equal(first)
    assert equal(again)
    assert make.times == 1
    both = (*first, *again)
    assert all(isinstance(each.base, np.memmap) or isinstance(each, np.memmap) for each in both)


def test_other_hints_and_other_teachers_are_asked_anew(context: RunContext) -> None:
    make = Counted()
    recall(context)([], make)
    recall(context)([["conv", "feature", [4, 4]]], make)
    recall(context, replace(run_parts.TEACHER, sha256="e" * 64))([], make)
    assert make.times == 3


def test_answers_too_large_for_the_disk_are_not_kept(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_answers, "MOST_BYTES", 100)
    make = Counted()
    assert equal(recall(context)([], make))
    assert equal(recall(context)([], make))
    assert make.times == 2
    assert not list((context.store.folder / "objects").rglob("*.npy"))


def test_commands_that_keep_nothing_recall_nothing(context: RunContext) -> None:
    training = replace(context.training, on_disk=False)
    assert recall_of(run_parts.TEACHER, training, context.workspace) is None
