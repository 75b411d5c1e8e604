"""What every technique promises the search, and that one is added without touching the package."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import keras_networks as networks
from tests import search_worlds as worlds

from edgehone.compress.recipe import technique_of
from edgehone.errors import ConfigError
from edgehone.graph.groups import analyse
from edgehone.search import decisions
from edgehone.search.cost_table import keys_of
from edgehone.search.decisions import PACKAGE
from edgehone.search.decisions._base import Decision
from edgehone.search.history import Goal, Tables
from edgehone.search.plan import Losses, Option, Piece, Plan
from edgehone.search.recipes import layer_rows, recipe_of
from edgehone.search.sensitivity import Probe, Probing
from edgehone.search.shapes import weights
from edgehone.search.space import Space, space_of
from edgehone.search.strategies.allocate import Allocate
from edgehone.search.strategies.uniform import Uniform
from edgehone.search.sums import memory_of, size_of
from edgehone.system import variants

NAMES = variants.names(PACKAGE, Decision)


@pytest.fixture(scope="module")
def network() -> Any:
    return networks.residual_net(activation="softmax")


@pytest.fixture(scope="module")
def space(network: Any) -> Space:
    """All techniques on one network."""
    precisions = ("int8", "float32")
    return space_of(network, analyse(network), multiple=2, precisions=precisions, techniques=NAMES)


def decision(space: Space, name: str) -> Decision:
    return next(each for each in space.decisions if name == each.NAME)


def options(found: Decision, default: str) -> Iterator[tuple[str, Option]]:
    for subject in found.subjects:
        for option in found.allowed(subject, default):
            yield subject, option


def taken(space: Space, name: str, subject: str, option: Option) -> Plan:
    """The plan that leaves all as it is but for one choice."""
    start = space.unchanged("int8")
    chosen = {**start.of(name), subject: option}
    return Plan({**start.choices, name: chosen}, "int8")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_decision_is_named_as_its_file(space: Space, name: str) -> None:
    assert decision(space, name).subjects


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_choice_makes_no_layer_larger(space: Space, name: str) -> None:
    found = decision(space, name)
    start = space.unchanged("int8").choices
    for subject, option in options(found, "int8"):
        if option == "float32":
            continue
        choices = taken(space, name, subject, option).choices
        for layer in space.layers:
            before, after = (space.made(layer, each, "int8") for each in (start, choices))
            assert sum(map(weights, after.parts)) <= sum(map(weights, before.parts))
            assert after.packed <= before.packed
            if option == found.subjects[subject][0]:
                assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_a_decision_are_among_its_options(space: Space, name: str) -> None:
    found = decision(space, name)
    for subject, several in found.subjects.items():
        assert found.smallest(subject) in several
        ladder = found.ladder(subject)
        assert sorted(ladder) == sorted(several)
        assert ladder[0] == several[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_steps_of_a_choice_are_techniques_with_settings(space: Space, name: str) -> None:
    found = decision(space, name)
    assert found.steps(space.unchanged("int8")) == ()
    for step in found.steps(space.smallest("int8")):
        technique_of(step)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_losses_are_of_the_options_and_leave_the_model_alone(
    network: Any, space: Space, name: str
) -> None:
    before = [np.asarray(weight).copy() for weight in network.weights]
    x = networks.images(16)
    outputs = network.predict(x, verbose=0)
    probe = Probe(x, "classification")
    probing = Probing(
        network, analyse(network), probe, lambda layer, precision: outputs[:: -1 if layer else 1]
    )
    found = decision(space, name)
    table = found.losses(probing)
    assert table
    for subject, row in table.items():
        assert set(row) <= set(found.subjects[subject])
        assert all(loss >= 0 for loss in row.values())
    for old, new in zip(before, network.weights, strict=True):
        np.testing.assert_array_equal(old, np.asarray(new))


@pytest.mark.slow
def test_zeros_save_packed_bytes_and_nothing_else(network: Any, space: Space) -> None:
    found = decision(space, "prune_weights")
    layer = next(each for each in space.layers if each.name in found.subjects)
    piece = Piece((layer.spec,), "float32")
    several = [found.applied(piece, layer, {layer.name: s}) for s in found.subjects[layer.name]]
    packed = [each.packed for each in several]
    assert packed == sorted(packed, reverse=True)
    assert packed[0] == 1
    assert packed[-1] < 0.4
    for each in several:
        assert (size_of(each), memory_of(each), each.speed) == (
            size_of(piece), memory_of(piece), 1.0,
        )  # fmt: skip


@pytest.mark.slow
def test_zeros_are_chosen_where_packed_bytes_are_what_counts(space: Space) -> None:
    def rising(found: Decision, most: float) -> dict[str, dict[Option, float]]:
        ladders = {name: found.ladder(name) for name in found.subjects}
        return {
            name: dict(zip(ladder, np.linspace(0, most, len(ladder)).tolist(), strict=True))
            for name, ladder in ladders.items()
        }

    worst = {"prune_channels": 1.0, "factorize": 1.0, "prune_weights": 0.01}
    losses = Losses({name: rising(decision(space, name), worst[name]) for name in worst})
    tables = Tables(space, losses, worlds.cost)
    packed, _ = worlds.run(tables, Goal("compressed_bytes", True, ()), 3)
    raw, _ = worlds.run(tables, Goal("size_bytes", True, ()), 3)
    assert any(share for each in packed for share in each.plan.of("prune_weights").values())
    assert not any(share for each in raw for share in each.plan.of("prune_weights").values())
    sparse = next(p.plan for p in packed if any(p.plan.of("prune_weights").values()))
    steps = recipe_of(sparse, space, {"epochs": 1}).steps
    assert "prune_weights" in [step.technique for step in steps]
    assert steps[-1].technique == "distill"


OWN = '''
from dataclasses import dataclass, replace
from typing import ClassVar

from edgehone.search.decisions._base import Decision
from edgehone.values import Step


@dataclass(frozen=True)
class ShrinkInput(Decision):
    """By how much the input is made smaller, for all layers together."""

    NAME: ClassVar[str] = "shrink_input"
    ORDER: ClassVar[int] = 5
    SHARED: ClassVar[bool] = True

    @classmethod
    def of(cls, facts):
        return cls({"input": (1, 2)})

    def concerns(self, layer):
        return ("input",)

    def applied(self, piece, layer, options):
        times = options["input"]
        if times == 1:
            return piece
        spec = replace(layer.spec, height=layer.spec.height // times,
                       width=layer.spec.width // times)
        return replace(piece, parts=(spec,))

    def smallest(self, subject):
        return 2

    def losses(self, probing):
        return {"input": {1: 0.0, 2: 0.25}}

    def steps(self, plan):
        times = plan.of(self.NAME)["input"]
        return (Step("shrink_input", {"times": times}),) if times > 1 else ()

    def row(self, plan, layer):
        return {"shrunk": plan.of(self.NAME)["input"]}
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder outside of the package with a technique in it."""
    (tmp_path / "shrink_input.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("shrink_input", f"{PACKAGE}.shrink_input"):
        sys.modules.pop(name, None)


def searched(name: str) -> None:
    """One technique more in a space of two: it is priced, chosen, made and shown."""
    found = variants.load(PACKAGE, Decision, name)
    tables = worlds.chain(("int8",))
    space = replace(
        tables.space,
        decisions=(found({"input": (1, 2)}), tables.space.decisions[2]),
        layers=tuple(
            replace(each, inputs={}, fixed_inputs=each.spec.in_channels, output=None)
            for each in tables.space.layers
        ),
    )
    tables = replace(
        tables,
        space=space,
        losses=Losses({"shrink_input": {"input": {1: 0.0, 2: 0.25}}}),
        cost=lambda spec, *_: 1e-6 * spec.height * spec.width * spec.out_channels,
    )
    assert {spec.height for spec, _, _ in keys_of(space)} == {8, 4}
    for strategy in (Allocate(), Uniform()):
        proposals, _ = worlds.run(tables, Goal("latency_p50_ms", True, ()), 3, strategy)
        plan = proposals[0].plan
        assert plan.of("shrink_input") == {"input": 2}
        assert tables.totals(plan).cost < tables.totals(space.unchanged("int8")).cost / 3
        assert proposals[0].sums.loss == 0.25
        steps = recipe_of(plan, space, {"epochs": 1}).steps
        assert [step.technique for step in steps] == ["shrink_input", "distill"]
        assert [row["shrunk"] for row in layer_rows(plan, space)] == [2, 2, 2, 2]


def test_a_file_in_the_folder_is_searched(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "__path__", [*decisions.__path__, str(own)])
    assert "shrink_input" in variants.names(PACKAGE, Decision)
    searched("shrink_input")


@pytest.mark.usefixtures("own")
def test_a_class_of_the_users_is_searched() -> None:
    searched("python:shrink_input:ShrinkInput")


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_the_space_of_a_model_takes_a_class_of_the_users(network: Any) -> None:
    techniques = ("factorize", "python:shrink_input:ShrinkInput")
    found = space_of(
        network, analyse(network), multiple=2, precisions=("int8",), techniques=techniques
    )
    assert [each.NAME for each in found.decisions] == ["shrink_input", "factorize", "precision"]


@pytest.mark.slow
def test_what_is_no_technique_is_refused(network: Any, own: Path) -> None:
    (own / "shrink_input.py").write_text("def shrink(): ...\n")
    with pytest.raises(ConfigError, match="python:shrink_input:shrink is not a Decision"):
        space_of(
            network,
            analyse(network),
            multiple=2,
            precisions=("int8",),
            techniques=("python:shrink_input:shrink",),
        )
