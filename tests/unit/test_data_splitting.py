"""Splits by class, group and time, and what is said of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.config.data import DataSection
from edgehone.data import DataSet, DataSettings, Drawing, Reading, load
from edgehone.data.splitting import Marks, chosen, drawn
from edgehone.errors import DataError

N = 400
RANDOM = np.random.default_rng(0)
X = RANDOM.random((N, 3)).astype(np.float32)
Y = RANDOM.integers(0, 2, N)
GROUP = np.array([f"person {number}" for number in RANDOM.integers(0, 20, N)])
TIME = np.datetime64("2026-01-01") + RANDOM.integers(0, 300, N)


def saved(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "data.npz", allow_pickle=False, **arrays)
    return str(folder / "data.npz")


def places(data: DataSet) -> dict[str, set[int]]:
    """The numbers of the samples in each split."""
    rows = {row.tobytes(): number for number, row in enumerate(X)}
    return {
        name: {rows[row.tobytes()] for row in np.asarray(getattr(data, name).x)}
        for name in ("train", "validation", "test")
    }


@pytest.mark.parametrize("seed", range(3))
def test_no_group_is_on_two_sides(tmp_path: Path, seed: int) -> None:
    source = saved(tmp_path, x=X, y=Y, groups=GROUP)
    found = load(source, DataSettings(seed=seed))
    sides = {name: set(GROUP[list(numbers)]) for name, numbers in places(found).items()}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["validation"]
    assert not sides["validation"] & sides["test"]
    for name in ("validation", "test"):
        assert len(getattr(found, name)) == pytest.approx(0.15 * N, abs=30)
    summary = found.splitting
    assert summary is not None
    assert (summary.rule, summary.drawn, summary.shared_groups) == (
        "grouped",
        ("validation", "test"),
        0,
    )
    assert sum(summary.groups.values()) == 20
    for name, numbers in places(found).items():
        assert getattr(found, name).group.tolist() == GROUP[sorted(numbers)].tolist()
    limited = load(source, DataSettings(seed=seed, limit=20)).test
    assert limited.group is not None
    assert len(limited.group) == len(limited) == 20
    assert sum(summary.counts.values()) == N


def test_groups_may_be_left_alone_and_shares_are_as_asked(tmp_path: Path) -> None:
    source = saved(tmp_path, x=X, y=Y, group=GROUP)
    found = load(source, DataSettings(drawing=Drawing("stratified", 0.25, 0.1)))
    assert (len(found.validation), len(found.test)) == (100, 40)
    assert found.splitting is not None
    assert found.splitting.shared_groups > 0
    assert any("groups of" in note and "more than one split" in note for note in found.notes)
    random = load(source, DataSettings(drawing=Drawing("random")))
    assert random.sha256 != load(source, DataSettings(drawing=Drawing("stratified"))).sha256


def test_the_last_samples_are_tested(tmp_path: Path) -> None:
    source = saved(tmp_path, x=X, y=Y, time=TIME)
    found = load(source, DataSettings(drawing=Drawing("time")))
    at = {name: TIME[list(numbers)] for name, numbers in places(found).items()}
    assert at["train"].max() < at["validation"].min()
    assert at["validation"].max() < at["test"].min()
    assert len(found.test) == pytest.approx(0.15 * N, abs=10)
    assert found.splitting is not None
    assert found.splitting.times["train"][0] == str(TIME.min())


def test_given_splits_are_kept_and_their_groups_looked_at(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    for number, name in enumerate(("train", "val", "test")):
        rows = slice(100 * number, 100 * number + 100)
        arrays |= {f"x_{name}": X[rows], f"y_{name}": Y[rows], f"group_{name}": GROUP[rows]}
    found = load(saved(tmp_path, **arrays))
    assert found.splitting is not None
    assert (found.splitting.rule, found.splitting.drawn) == ("given", ())
    assert found.splitting.shared_groups == len(set(GROUP))


@pytest.mark.parametrize(
    ("arrays", "drawing", "message", "hint"),
    [
        ({}, Drawing("grouped"), 'has no groups, which split = "grouped"', "column of a table"),
        ({}, Drawing("time"), 'has no times, which split = "time"', "called time"),
        ({"group": np.zeros(N)}, Drawing(), "too few groups", "at least 3 groups"),
        ({"time": np.zeros(N)}, Drawing("time"), "have the same time", "random"),
        ({"group": np.zeros((N, 2))}, Drawing(), r"have shape \(400, 2\)", "one a sample"),
    ],
)
def test_what_splits_need_is_asked_for(
    tmp_path: Path, arrays: dict[str, Any], drawing: Drawing, message: str, hint: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(saved(tmp_path, x=X, y=Y, **arrays), DataSettings(drawing=drawing))
    assert hint in caught.value.hint


def test_draws_depend_on_the_seed_alone() -> None:
    marks = Marks(GROUP, TIME)
    for rule in ("stratified", "random", "grouped", "time"):
        first, again = (chosen(rule, 0.2, 5, Y, marks, N, "here") for _ in range(2))
        assert np.array_equal(first, again)
    assert np.array_equal(chosen("stratified", 0.2, 5, Y, marks, N, ""), drawn(N, 0.2, 5, Y))


def test_keys_of_a_project_say_how_data_are_read() -> None:
    table = DataSection.model_validate_json(
        '{"source": "a.csv", "target": "kind", "features": ["a", "b"], "split": "time",'
        ' "time": "when", "test": 0.2, "classes": ["x", "y"], "seconds": 1.5}'
    )
    found = table.settings(seed=7)
    assert found.seed == 7
    assert found.drawing == Drawing("time", 0.15, 0.2)
    assert found.reading == Reading(
        target=("kind",),
        features=("a", "b"),
        time="when",
        classes=("x", "y"),
        audio={**found.reading.audio, "seconds": 1.5},
    )
