"""The study: teacher, plain int8, uniform widths and the loop on Fashion-MNIST, in one run."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import images
from contest import PRECISIONS, WIDTHS, Result, arena, of_the_run
from picture import picture
from results import LOOP_WINS, WIDTH_WINS, against, rounds, row
from tables import markdown
from teacher import Lesson, trained
from watching import Lines

from edgehone.config import Config, load
from edgehone.documents import plain
from edgehone.run.document import environment
from edgehone.run.loop import run
from edgehone.run.workspace import Workspace, opened
from edgehone.store import Store
from edgehone.system.files import write_whole
from edgehone.values import Plain, Progress

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"


def main() -> None:
    """Everything, from the images to results.md; what an earlier start finished is looked up."""
    arguments = _arguments()
    store = Store(WORK)
    progress = Lines()
    config = _prepared(arguments, store, progress)
    document = run(config, store=store, progress=progress)
    mark = datetime.now(UTC).isoformat() if arguments.again else ""
    found = _results(config, store, document.to_json(), progress, mark)
    write_whole(HERE / "results.json", json.dumps(plain(found), indent=1) + "\n")
    write_whole(HERE / "results.md", markdown(found))
    write_whole(HERE / "results.png", picture(found["contest"], found["winner"]))
    print((HERE / "results.md").read_text(encoding="utf-8"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="an .npz with x_train, y_train, x_test, y_test")
    parser.add_argument("--train", type=int, default=55_000, help="most images to train on")
    parser.add_argument("--again", action="store_true", help="measure the contest anew")
    return parser.parse_args()


def _prepared(arguments: argparse.Namespace, store: Store, progress: Progress) -> Config:
    """The loop's configuration, with the images and the trained teacher it names in place."""
    images.write(arguments.data, arguments.train, WORK / "images.npz")
    workspace = Workspace(store, WORK, progress=progress)
    with opened(WORK):
        teacher = trained(workspace, WORK / "images.npz", Lesson())
    write_whole(WORK / "teacher.keras", teacher.path.read_bytes())
    return load(HERE / "edgehone.toml")


def _results(
    config: Config, store: Store, document: Plain, progress: Progress, mark: str
) -> dict[str, Any]:
    with arena(config, store, progress, mark) as place:
        widths = [place.uniform(width, kind) for width in WIDTHS for kind in PRECISIONS]
        found = place.measured([*of_the_run(document, store, place.teacher), *widths])
        loop, uniform = (
            [each for each in found if each.contestant.method == method]
            for method in ("the loop", "uniform width")
        )
        duels = [duel for width in uniform if (duel := against(width, loop, place))]
        data = place.context.data
        return {
            "conclusion": conclusion(duels),
            "contest": [row(each, found[0], place) for each in _ordered(found)],
            "against": duels,
            "rounds": rounds(document),
            "winner": document["winner_name"],
            "stopped": document["stopped"],
            "budgets": document["budgets"],
            "teacher": {"params": place.teacher.params, "macs": place.teacher.macs},
            "images": {name: len(getattr(data, name)) for name in ("train", "validation", "test")},
            "settings": config.model_dump(mode="json", include={"distill", "search", "budget"}),
            "conditions": dict(found[0].measurement.conditions),
            "environment": environment(),
        }


def conclusion(duels: Sequence[Plain]) -> str:
    """Whether the loop beats uniform width, in a sentence."""
    if not duels:
        return "The loop built no candidate, so nothing can be said about it."
    won = [duel["width"] for duel in duels if duel["outcome"] == LOOP_WINS]
    lost = [duel["width"] for duel in duels if duel["outcome"] == WIDTH_WINS]
    return (
        f"At equal or better accuracy the loop is faster than {len(won)} of {len(duels)} uniform "
        f"widths{_named(won)}, and slower than {len(lost)}{_named(lost)}; "
        f"the other {len(duels) - len(won) - len(lost)} differ in accuracy, see below."
    )


def _named(widths: Sequence[str]) -> str:
    return f" ({', '.join(widths)})" if widths else ""


def _ordered(found: Sequence[Result]) -> list[Result]:
    """Teacher first, then uniform widths, then the loop's candidates as they were built."""
    methods = ["teacher", "uniform width", "the loop"]
    return sorted(found, key=lambda each: methods.index(each.contestant.method))


if __name__ == "__main__":
    main()
