"""The best candidates are trained on, and what measures better is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import run_parts, small_project
from tests.run_parts import accuracy, measured

from edgehone.budgets import Budget, Decision, Outcome
from edgehone.config import load, load_recipes
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.report.page import render
from edgehone.run import loop
from edgehone.run.document import winner_of
from edgehone.run.finalists import Member, chosen_of, judged, with_finalists
from edgehone.run.state import Entry, Made, Round, RunState, Searched
from edgehone.run.trials import trial_of
from edgehone.search.history import Proposal
from edgehone.search.space import Space
from edgehone.search.sums import Totals
from edgehone.store import Store
from edgehone.values import BEST, NOTE, NOTHING, Candidate, Event, Recipe, Step, StepReport

DROP = Budget("accuracy_drop", "max", 0.02)
SMALL = Budget("size_bytes", "max", 2000)

After = tuple[str, float, Outcome]
"""The technique that a finalist ends with, the drop that it has, and its decision's outcome."""


def candidate(
    state: RunState, name: str, size: int, drop: float, outcome: Outcome = "pass"
) -> Round:
    """A round of one candidate of that size, which loses so much on validation samples."""
    seen = accuracy(0.9 - drop, drop=drop)
    found = measured(size, accuracy=seen, validation=seen)
    entry = Entry(name, 1, found.artifact, found, Decision(found, (), outcome))
    plan = Space((), (), ("int8",)).unchanged("int8")
    proposal = Proposal(plan, Totals(0.0, 0.0, 0.0, 0.0), 1.0, {})
    trial = trial_of(state, proposal, [entry], measured(4000))
    assert trial is not None
    made = Made(name, Candidate(run_parts.TEACHER, Recipe(()), run_parts.TEACHER), plan)
    return Round(1, 1.0, (entry,), (trial,), made=(made,))


@pytest.fixture
def state(tmp_path: Path) -> RunState:
    context = run_parts.context(tmp_path)
    found = run_parts.state(context, run_parts.entry(measured(4000)), budgets=(DROP, SMALL))
    return replace(found, goal=replace(found.goal, budgets=(DROP, SMALL)))


def names(state: RunState, *rounds: Round) -> list[str]:
    return [each.made.name for each in chosen_of(state, rounds)]


def test_the_best_and_what_would_be_better_and_is_nearest_to_the_budgets_come_first(
    state: RunState,
) -> None:
    found = names(
        state,
        candidate(state, "large", 1500, 0.01),
        candidate(state, "far", 500, 0.10, "fail"),
        candidate(state, "best", 1000, 0.01),
        candidate(state, "near", 800, 0.03, "fail"),
        candidate(state, "worse", 1200, 0.021, "fail"),
    )
    assert found == ["best", "near", "far", "large", "worse"]


def test_where_nothing_keeps_the_quality_budgets_the_nearest_comes_first(state: RunState) -> None:
    rounds = (candidate(state, "far", 500, 0.1), candidate(state, "near", 900, 0.03))
    assert names(state, *rounds) == ["near", "far"]


def test_training_makes_no_file_smaller_so_larger_ones_are_left_out(state: RunState) -> None:
    assert names(state, candidate(state, "big", 2001, 0.0)) == []
    searched = Searched([candidate(state, "big", 2001, 0.0)], "enough")
    assert with_finalists(state, searched, 1e18) is searched  # nobody asked
    config = run_parts.settings(distill={"final_epochs": 4})
    asked = replace(state, context=replace(state.context, config=config))
    assert "keeps the budgets" in with_finalists(asked, searched, 1e18).remark
    late = Searched([candidate(state, "small", 900, 0.0)], "enough")
    assert "time limit" in with_finalists(asked, late, 0.0).remark


def tried_on(state: RunState, before: Round, *after: After) -> Searched:
    """The search of one candidate, trained on: (technique, drop, outcome) of each file."""
    (known,) = chosen_of(state, [before])
    members, entries = [], list[Entry]()
    for number, (technique, drop, outcome) in enumerate(after):
        name = f"c-final-{number}"
        (entry,) = candidate(state, name, 1000, drop, outcome).entries
        report = StepReport(technique, NOTHING, (1, 1), (1, 1), (4, 4), detail={"losses": [1.0]})
        steps = (Step(technique, NOTHING),)
        made = Candidate(run_parts.TEACHER, Recipe(steps), run_parts.TEACHER, (report,))
        members.append(Member(known, name, made, (entry.artifact,), ()))
        entries.append(entry)
    return judged(Searched([before], "enough"), members, Round(2, 0.0, tuple(entries), final=True))


def test_of_files_of_one_network_and_size_the_better_on_validation_samples_wins(
    state: RunState,
) -> None:
    start = candidate(state, "c", 1000, 0.010)
    worse: After = ("distill", 0.012, "pass")
    better: After = ("quantize_aware", 0.004, "pass")
    for after, best in (((worse,), "c"), ((worse, better), "c-final-1"), ((better,), "c-final-0")):
        found = tried_on(state, start, *after)
        winner = winner_of(state, found.rounds)
        assert winner is not None
        assert winner.name == best
        assert [each.name for each in found.finalists if each.kept] == [best] * (best != "c")
    told, _ = tried_on(state, start, worse, better).finalists
    assert (told.origin, told.aware, told.epochs) == ("c", False, 1)
    assert told.before == pytest.approx(0.89)
    assert told.after == pytest.approx(0.888)


def test_a_file_that_keeps_the_budgets_is_better_than_one_that_does_not(state: RunState) -> None:
    start = candidate(state, "c", 1000, 0.010, "inconclusive")
    found = tried_on(state, start, ("distill", 0.011, "pass"), ("quantize_aware", 0.001, "fail"))
    assert [each.kept for each in found.finalists] == [True, False]
    lost = tried_on(state, candidate(state, "c", 1000, 0.01), ("distill", 0.0, "inconclusive"))
    assert [each.kept for each in lost.finalists] == [False]


FINAL = """epochs = 1
final_epochs = 12
soft = 0.3
learning_rate = 0.01"""
"""With so few samples and steps, a rate at which training on shows."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    project = small_project.write(home)
    text = project.read_text().replace("epochs = 1", FINAL, 1)
    project.write_text(text.replace('["int8", "float32"]', '["int8"]'))
    return home


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def finished(folder: Path, events: list[Event]) -> dict[str, Any]:
    store, on = Store(folder / "runs"), [small_project.device(folder)]
    config = load(folder / "edgehone.toml")
    return loop.run(config, store=store, on=on, progress=events.append).to_json()


@pytest.mark.slow
def test_finalists_are_trained_on_with_and_without_rounding_and_the_best_is_kept(
    finished: dict[str, Any], events: list[Event]
) -> None:
    jsonschema.validate(finished, schema("run"))
    finalists = finished["finalists"]
    origins = {each["origin"] for each in finalists}
    assert origins == {"round-1", "round-1-uniform"}
    for origin in origins:
        own = [each for each in finalists if each["origin"] == origin]
        assert [each["name"] for each in own] == [f"{origin}-final", f"{origin}-final-aware"]
        plain, aware = own
        assert not plain["quantize_aware"]
        assert aware["quantize_aware"]
        assert 0 < plain["epochs"] < aware["epochs"] <= 12 + 3
        best = max([plain["before"], plain["after"], aware["after"]])
        assert {each["after"] for each in own if each["kept"]} == {best}  # and it is better
        assert best > plain["before"]
    winner = next(e for e in finalists if e["name"] == finished["winner_name"])
    assert winner["kept"]
    texts = [each.text for each in events if each.stage == NOTE]
    assert any("trained on, for up to 12 epochs each: round-1" in text for text in texts)
    assert [each for each in events if each.stage == BEST][-1].text.startswith(
        finished["winner_name"]
    )


@pytest.mark.slow
def test_the_bill_counts_every_training_once(finished: dict[str, Any]) -> None:
    bill, rows = finished["bill"], finished["finalists"]
    assert bill["candidates"] == 2
    aware = {each["name"]: each["epochs"] for each in rows if each["quantize_aware"]}
    assert bill["finalists"] == sum(aware.values())  # they go on from those in float
    assert bill["epochs"] == bill["candidates"] + bill["finalists"]
    page = render(RunDocument.from_json(finished))
    assert "round-1-final" in page
    assert f"{bill['epochs']} passes over the training data" in page


@pytest.mark.slow
def test_a_winner_that_was_trained_on_has_all_its_steps_in_its_recipe(
    finished: dict[str, Any],
) -> None:
    home = Path(finished["artifacts"]).with_name("winner")
    ((_, recipe),) = load_recipes(home / "recipe.toml")
    techniques = [step.technique for step in recipe.steps]
    assert techniques.count("distill") == 2
    assert recipe.steps[techniques.index("distill") + 1].settings["patience"] == 4


@pytest.mark.slow
def test_a_run_again_looks_its_finalists_up(folder: Path, finished: dict[str, Any]) -> None:
    store, on = Store(folder / "runs"), [small_project.device(folder)]
    again = loop.run(load(folder / "edgehone.toml"), store=store, on=on)
    assert "compress" not in store.made
    assert [each.to_json() for each in again.finalists] == finished["finalists"]
    assert again.bill is not None
    assert again.bill.to_json() == finished["bill"]
