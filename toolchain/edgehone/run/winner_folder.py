"""What a run leaves to take away: the winner's files, its Keras model, its recipe, the document."""

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgehone.config import Config
from edgehone.config.written import comment, recipe_toml
from edgehone.documents import plain
from edgehone.documents.run.document import RunDocument
from edgehone.run.document import winner_of
from edgehone.run.preflight import WORDS
from edgehone.run.state import Entry, Round, RunState
from edgehone.system.files import copy_whole, write_whole, writing
from edgehone.values import Recipe

WINNER = "winner"
"""The folder in a run's own, and what the files in it are called."""


def keep_winner(state: RunState, rounds: Sequence[Round], document: RunDocument) -> None:
    """Write the winner's folder, whole or not at all; what an earlier end of the run left goes.

    The winner is there in every format that was made of it. Without a winner there is no folder.
    """
    workspace, winner = state.context.workspace, winner_of(state, rounds)
    home, fresh = workspace.folder / WINNER, workspace.scratch / WINNER
    with writing(home):
        shutil.rmtree(home, ignore_errors=True)
    if winner is None:
        return
    candidate = winner.artifact.candidate
    assert candidate is not None  # noqa: S101 - every entry of a run was built from a candidate
    for artifact in _same(winner, [*(e for r in rounds for e in r.entries), *state.baselines]):
        copy_whole(artifact, fresh / f"{WINNER}{artifact.suffix}")
    copy_whole(candidate.model.path, fresh / f"{WINNER}.keras")
    steps = () if winner in state.baselines else state.base_steps
    recipe = replace(candidate.recipe, steps=(*steps, *candidate.recipe.steps))
    write_whole(fresh / "recipe.toml", _recipe(winner, recipe, state.context.config))
    text = json.dumps(plain(document.to_json()), indent=2, allow_nan=False)
    write_whole(fresh / "run.json", text + "\n")
    with writing(home):
        fresh.rename(home)


def _same(winner: Entry, entries: Sequence[Entry]) -> list[Path]:
    """The files of the winner's candidate, one a format; its own comes first."""
    found = {winner.artifact.format: winner.artifact.path}
    for entry in entries:
        if entry.artifact.candidate == winner.artifact.candidate:
            found.setdefault(entry.artifact.format, entry.artifact.path)
    return list(found.values())


def _recipe(winner: Entry, recipe: Recipe, config: Config) -> str:
    """The recipe file, and how to carry it out again."""
    own_student = config.model.student not in WORDS and bool(recipe.steps)
    model = config.model.student if own_student else config.model.teacher
    words = ["edgehone", "compress", model, "recipe.toml", "-o", "DIR"]
    words += ["--data", config.data.source, "--seed", str(config.search.seed)]
    if own_student:
        words += ["--teacher", config.model.teacher]
    if config.data.scale != 1:
        words += ["--scale", repr(config.data.scale)]
    if config.data.offset != 0:
        words += [f"--offset={config.data.offset!r}"]
    words += ["--trust"] if config.model.trust else []
    words += [word for custom in config.model.custom for word in ("--custom", custom)]
    head = [comment(f"How {winner.name} was made. The same again:"), comment(shlex.join(words))]
    return "\n".join([*head, recipe_toml(WINNER, recipe)])
