"""A round of candidates that are halved: all begin, one is trained in full and measured."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tests import run_parts, small_project

from edgehone.config import load
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.report.rounds import rounds_table
from edgehone.run import loop
from edgehone.run.halving import members_of
from edgehone.search.history import Proposal
from edgehone.search.space import Space
from edgehone.search.sums import Totals
from edgehone.store import Store
from edgehone.values import ROUND, Event

OWN = '''
from dataclasses import replace

from edgehone.search.history import Proposal, Stop
from edgehone.search.strategies._base import Strategy


class Four(Strategy):
    """Four widths of all groups, halved, once."""

    def ask(self, tables, trials, goal):
        built = [trial for trial in trials if trial.target is not None]
        if built:
            measured = [trial for trial in built if not trial.lost]
            return Stop(f"{len(built)} were tried, {len(measured)} measured")
        found = []
        for left in range(1, 5):
            plan = tables.space.unchanged("int8")
            (first, several), (second, others) = tables.space.decisions[0].subjects.items()
            kept = {first: several[left % 2], second: others[1 + left // 2]}
            plan.choices["prune_channels"].update(kept)
            found.append(Proposal(plan, tables.totals(plan), 0.0, {}, label=f"w{left}"))
        return replace(found[0], beside=tuple(found[1:]), halving=True)
'''


@pytest.fixture
def own_strategy(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "fours.py").write_text(OWN)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    sys.modules.pop("fours", None)


@pytest.mark.parametrize(
    ("epochs", "left", "begin", "count"), [(8, 6, 4, 2), (8, 1, 1, 1), (2, 6, 2, 2), (1, 6, 2, 2)]
)
def test_halved_members_count_as_what_they_cost(
    tmp_path: Path, epochs: int, left: int, begin: int, count: int
) -> None:
    config = run_parts.settings(distill={"epochs": epochs})
    state = run_parts.state(run_parts.context(tmp_path, config))
    plan = Space((), (), ("int8",)).unchanged("int8")
    one = Proposal(plan, Totals(0.0, 0.0, 0.0, 0.0), 1.0, {})
    several = replace(one, beside=(one, one, one), halving=True)
    members, counted = members_of(state, several, left)
    assert (len(members), counted) == (begin, count)
    assert {each.halving for each in members} == {begin > 1 and epochs > 1}
    assert len(members_of(state, replace(several, halving=False), left)[0]) == min(4, left)


@pytest.mark.slow
def test_of_four_that_begin_one_is_trained_in_full_and_measured(own_strategy: Path) -> None:
    project = small_project.write(own_strategy, rounds=3)
    text = project.read_text().replace("epochs = 1", "epochs = 4")
    project.write_text(text.replace("[search]", '[search]\nstrategy = "python:fours:Four"'))
    events: list[Event] = []
    on = [small_project.device(own_strategy)]
    store = Store(own_strategy / "runs")
    found = loop.run(load(project), store=store, on=on, progress=events.append)
    document = found.to_json()
    jsonschema.validate(document, schema("run"))
    assert found.stopped == "4 were tried, 1 measured"
    (only,) = found.candidates
    (turn,) = found.rounds
    assert turn.candidates == 4
    after = sorted(each.reason for each in turn.left_out)
    assert after == [
        "others were better after 1 epoch",
        "others were better after 1 epoch",
        "others were better after 2 epochs",
    ]
    assert only.name not in [each.name for each in turn.left_out]
    trained = [step for step in only.recipe.steps if step.technique == "distill"]
    assert [step.settings["epochs"] for step in trained] == [1, 1, 2]
    assert found.bill is not None
    assert found.bill.candidates == 4 * 1 + 2 * 1 + 1 * 2  # as much as two in full
    (text,) = [each.text for each in events if each.stage == ROUND]
    assert text.startswith("1, the best of 4 in the place of candidates 1 and 2 of 3")
    (row,) = rounds_table(RunDocument.from_json(document)).rows
    for each in turn.left_out:
        assert f"{each.name}: {each.reason}" in str(row[-1])
