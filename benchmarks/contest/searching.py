"""Contestants that search with edgehone's own loop: candidates a budget, then long training of the
best, until the bill is spent to the last epoch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from math import ceil, inf
from pathlib import Path
from typing import Any

from arena import Arena, ContestantError, Made
from contestants._base import Contestant
from effort import HARD, PARENT_PASSES, SOFT, Effort, shares
from rows import FileRow, Row, RunRow, key_of
from strategies import SEEN

import edgehone as eh
from edgehone.documents.recipes import recipe_from_json, recipe_json
from edgehone.values import Recipe, Step

PARENT = "slimmable"
"""The step that cuts a candidate out of a slimmable parent."""

DEEP = 0.03
"""Accuracy that may be lost, from which on a search that may have a parent has one: budgets share
it, so it pays although each has few candidates."""

PROBED = 2 * 256
"""Samples that pass a network for a choice that is probed: batch norms are adapted, and it is
judged."""

PROBED_IN_PARENT = 1024
"""Those that pass a slimmable parent for it, at most."""

FORWARD = 1 / 3
"""What a forward pass costs beside a step of training."""

BLOCKS = 4
"""Fresh processes a file while a search goes on; the final batch has more."""


@dataclass(frozen=True)
class Searching(Contestant):
    """strategy: one of strategies.py, built with `log`; search: further keys of [search]; parent:
    whether it may have a slimmable parent.
    """

    strategy: type[eh.Strategy] = eh.Strategy
    settings: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)
    parent: bool = False

    def bill(self, effort: Effort) -> int:
        """What all who train spend; where there is nothing to train, what it may cost at most."""
        return effort.bill

    def enter(self, arena: Arena) -> None:
        """A run a budget, the deepest cut first, which trains the parent; then the finalists."""
        for budget in sorted(arena.effort.budgets, reverse=True):
            settings = self._said(arena, budget)
            job = f"search {budget:g}"
            arena.kept(self.name, job, settings, partial(self._searched, arena, budget))
        chosen = finalists(arena.files_of(self.name), arena.effort.budgets)
        left = arena.effort.bill - arena.spent(self.name)
        chosen = chosen[: max(left, 0)]
        if not chosen:
            return
        epochs = shares(left, len(chosen))
        recipes = {
            row.file: longer(recipe_from_json(row.settings["recipe"]), more)
            for row, more in zip(chosen, epochs, strict=True)
        }
        settings = {name: recipe_json(recipe) for name, recipe in recipes.items()}
        arena.kept(self.name, "finalists", settings, lambda _: self._final(arena, recipes))

    def _said(self, arena: Arena, budget: float) -> dict[str, Any]:
        """What a search depends on."""
        effort = arena.effort
        return {
            "strategy": self.strategy.__name__,
            "settings": dict(self.settings),
            "search": self._search(arena, budget),
            "distill": _distill(arena, effort.searching),
            "rounds": effort.rounds,
        }

    def _search(self, arena: Arena, budget: float) -> dict[str, Any]:
        parent = "always" if self.parent and budget >= DEEP else "never"
        own = {"parent": parent, "parent_epochs": arena.effort.parent_epochs}
        return {**own, **self.search}

    def _searched(self, arena: Arena, budget: float, folder: Path) -> list[Made | Row]:
        log = folder / "probes.json"
        run = eh.run(
            arena.teacher,
            arena.data.path,
            budgets=[eh.Budget("accuracy_drop", max=budget)],
            strategy=self.strategy(**{**self.settings, "log": str(log)}),
            rounds=arena.effort.rounds,
            minutes=24 * 60,
            seed=arena.seed,
            formats="tflite",
            folder=arena.runs,
            force=True,
            settings={
                "distill": _distill(arena, arena.effort.searching),
                "search": self._search(arena, budget),
                "measure": {"blocks": min(BLOCKS, arena.effort.blocks)},
            },
            progress=arena.progress,
        )
        bill = self._probes(arena, log)
        made = [
            replace(each, name=f"budget {budget:g} {each.name} {each.precision}")
            for each in made_in(run, bill)
        ]
        return [*made, account(run, arena, self.name, budget)]

    def _probes(self, arena: Arena, log: Path) -> dict[str, int]:
        """What probing cost, table by table, in passes over the training data, rounded up."""
        counts = json.loads(log.read_text(encoding="utf-8")) if log.is_file() else {}
        looked_at = min(PROBED_IN_PARENT, len(arena.data.split("val")[1]))
        samples = max(PROBED, looked_at) if self.parent else PROBED
        share = samples * FORWARD / len(arena.data.split("train")[1])
        counts.pop(SEEN, None)
        return {f"probes {table}": ceil(count * share) for table, count in counts.items()}

    def _final(self, arena: Arena, recipes: Mapping[str, Recipe]) -> list[Made | Row]:
        """The same recipes, trained for longer: a run of recipes and no search."""
        names = {f"final-{number}": file for number, file in enumerate(recipes)}
        run = eh.run(
            arena.teacher,
            arena.data.path,
            budgets=[eh.Budget("accuracy_drop", max="99 %")],
            recipes={name: recipes[file] for name, file in names.items()},
            rounds=0,
            seed=arena.seed,
            formats="tflite",
            folder=arena.runs,
            force=True,
            settings={"distill": _distill(arena, 1), "measure": {"blocks": 1}},
            progress=arena.progress,
        )
        made = [replace(each, name=f"{names[each.name]}, long") for each in made_in(run, {})]
        if len(made) < len(recipes):
            raise ContestantError(f"{len(made)} of {len(recipes)} finalists: {refused(run)}")
        return list(made)


def _distill(arena: Arena, epochs: int) -> dict[str, Any]:
    effort = arena.effort
    about = {"batch_size": effort.batch_size, "learning_rate": effort.rate}
    return {"epochs": epochs, "soft": SOFT, "hard": HARD, **about}


def refused(run: eh.Run) -> tuple[str, ...]:
    """Why candidates of a run could not be made."""
    return tuple(each["reason"] for turn in run.document["rounds"] for each in turn["refused"])


def made_in(run: eh.Run, bill: Mapping[str, int]) -> list[Made]:
    """The files of a run's candidates; bill: what was spent beside their trainings."""
    found = []
    for each in run.candidates:
        if each.recipe is None:
            continue
        recipe = recipe_json(each.recipe)
        measured = each.measurement.validation
        drop = None if measured is None else measured.drop
        settings = {"recipe": recipe, "drop": drop, "speedup": each.speedup}
        trainings = {**bill, **trainings_of(each.recipe)}
        precision = each.measurement.artifact.precision
        found.append(Made(each.name, each.path, precision, trainings, settings))
    return found


def trainings_of(recipe: Recipe) -> dict[str, int]:
    """Passes over the training data by what is trained: the parent, and all further steps."""
    found: dict[str, int] = {}
    own = 0
    for step in recipe.steps:
        epochs = int(step.settings.get("epochs", 0))
        if step.technique == PARENT:
            trained = {name: v for name, v in step.settings.items() if name != "channels"}
            found[f"parent {key_of(trained)[:8]}"] = PARENT_PASSES * epochs
        else:
            own += epochs
    if own:
        found[f"training {key_of(recipe_json(recipe))[:12]}"] = own
    return found


def longer(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with that many passes of distillation in place of a search's few; a parent and
    what quantization-aware training has stay.
    """
    steps = tuple(
        Step(step.technique, {**step.settings, "epochs": epochs})
        if step.technique == "distill"
        else step
        for step in recipe.steps
    )
    return replace(recipe, steps=steps)


def finalists(rows: Sequence[FileRow], budgets: Sequence[float]) -> list[FileRow]:
    """The files to train for longer: for each budget the fastest that kept it on the validation
    split after short training, and the next faster one, which may keep it after a long one; where
    none kept it, the one that lost least. Each once, in the order of budgets.
    """
    able = [row for row in rows if row.settings.get("speedup") and "recipe" in row.settings]
    able = [
        row for row in able if any(_distilled(step) for step in row.settings["recipe"]["steps"])
    ]
    front = [row for row in able if not any(_beats(other, row) for other in able)]
    front.sort(key=lambda row: float(row.settings["speedup"]))
    chosen: list[FileRow] = []
    for budget in budgets:
        kept = [number for number, row in enumerate(front) if _drop(row) <= budget]
        first = max(kept, default=0)
        chosen += front[first : first + 2]
    return list({row.sha256: row for row in chosen}.values())


def _distilled(step: Mapping[str, Any]) -> bool:
    return bool(step["technique"] == "distill")


def _beats(a: FileRow, b: FileRow) -> bool:
    """Whether a is as fast and as accurate as b, and better in one of them."""
    first, second = ((float(x.settings["speedup"]), -_drop(x)) for x in (a, b))
    return first != second and first[0] >= second[0] and first[1] >= second[1]


def _drop(row: FileRow) -> float:
    drop = row.settings.get("drop")
    return inf if drop is None else float(drop)


def account(run: eh.Run, arena: Arena, contestant: str, budget: float) -> RunRow:
    """What a run tells of its own predictions and time."""
    document = run.document
    search = document["search"] or {}
    predictions = tuple(
        {
            "candidate": each["name"],
            "predicted_ms": each["predicted_latency_ms"],
            "baseline_ms": document["baseline"]["latency_ms"]["p50"],
            "speedup": (each["speedup"] or {}).get("ratio"),
            "predicted_bytes": each["predicted_size_bytes"],
            "bytes": each["measurement"]["artifact"]["size_bytes"],
            "predicted_drop": each["predicted_accuracy_drop"],
            "drop": (each["measurement"]["validation"] or {}).get("drop"),
        }
        for each in document["candidates"]
        if each["measurement"] and each["predicted_latency_ms"] is not None
    )
    return RunRow(
        "",
        arena.data.name,
        arena.seed,
        contestant,
        budget,
        len(document["candidates"]),
        search.get("rank_correlation"),
        bool(search.get("guessing")),
        predictions,
        search.get("seconds") or {},
        document["stopped"],
        refused(run),
    )


def default_of(strategy: type[eh.Strategy], name: str) -> Any:
    """The default of a strategy's setting; None: it has none of that name."""
    return next((each.default for each in fields(strategy) if each.name == name), None)
