"""The contest: every way to make a network small, for the same bill, measured side by side."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import contestants
from arena import TEACHER, Arena, trained_teacher
from contestants._base import Contestant
from datasets import SOURCES, AbsentDataError, prepared
from effort import FULL, QUICK, Effort, reduced
from honesty import Entrant, complaints
from measuring import measured
from page import Told, written
from rows import Journal, Row

from edgehone.values import Event

HERE = Path(__file__).resolve().parent
SEEDS = 3
QUICK_LABEL = "A quick contest, which shows that it is fair; its numbers say nothing else."


def main() -> int:
    """Everything that is missing, then the pages. Returns 1 where the contest was not fair."""
    asked = _arguments()
    journal = Journal(asked.work / "rows.jsonl")
    done: list[tuple[str, int]] = []
    rows: list[Row] = []
    wrong: list[str] = []
    absent: list[str] = []
    for name in asked.only:
        effort = effort_of(asked, name)
        try:
            prepared(name, asked.data, effort.train, asked.work / f"{name}.npz")
        except AbsentDataError as error:
            absent.append(str(error))
            print(f"LEFT OUT: {error}", file=sys.stderr, flush=True)
            continue
        for seed in asked.seeds:
            entrants = entrants_of(asked, seed)
            rows += contested(asked, name, seed, effort, entrants, journal)
            done.append((name, seed))
            several = [
                Entrant(each.name, each.bill(effort), each.trained, each.ablation)
                for each in entrants
            ]
            wrong += complaints(rows, (name, seed), several)
            publish(asked, rows, done, wrong, absent)
    if not done:
        print("No data set was there, so nothing was contested.", file=sys.stderr)
        return 1
    print((asked.output / "results.md").read_text(encoding="utf-8"))
    for text in wrong:
        print(f"NOT FAIR: {text}", file=sys.stderr)
    return 1 if wrong else 0


def contested(
    asked: argparse.Namespace,
    name: str,
    seed: int,
    effort: Effort,
    entrants: Sequence[Contestant],
    journal: Journal,
) -> list[Row]:
    """The rows of a data set and seed: all contestants in turn, then one batch of measurements."""
    folder = asked.work / f"{name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    data = prepared(name, asked.data, effort.train, asked.work / f"{name}.npz")
    teacher = trained_teacher(folder, data, seed, effort, _quiet)
    again = frozenset(asked.again)
    arena = Arena(asked.work, folder, data, seed, effort, journal, teacher, _quiet, again)
    for each in entrants:
        start = time.monotonic()
        each.enter(arena)
        took, spent = time.monotonic() - start, arena.spent(each.name)
        print(
            f"{name}, seed {seed}: {each.name}: {len(arena.files_of(each.name))} files, "
            f"{spent} epochs of {effort.bill}, {took:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    start = time.monotonic()
    measured(arena, instructions=asked.instructions)
    took = time.monotonic() - start
    print(f"{name}, seed {seed}: measured in {took:.0f} s", file=sys.stderr, flush=True)
    return arena.rows


def publish(
    asked: argparse.Namespace,
    rows: Sequence[Row],
    done: Sequence[tuple[str, int]],
    wrong: Sequence[str],
    absent: Sequence[str],
) -> None:
    """The raw rows of what was contested, the page and its pictures."""
    how = [effort_of(asked, name) for name in dict.fromkeys(name for name, _ in done)]
    names = list(dict.fromkeys(name for name, _ in done))
    told = Told(rows, list(done), dict(zip(names, how, strict=True)), list(wrong), list(absent))
    told = replace(told, label=label_of(asked), entrants=tuple(contestants.found()))
    written(told, asked.output)


def effort_of(asked: argparse.Namespace, name: str) -> Effort:
    """How much is trained and measured of a data set."""
    if asked.quick:
        return QUICK
    effort = FULL.get(name, FULL["spoken"])
    return effort if asked.epochs == 1 else reduced(effort, asked.epochs)


def label_of(asked: argparse.Namespace) -> str:
    """What the page says of a contest that is not the whole one; "" for the whole one."""
    if asked.quick:
        return QUICK_LABEL
    said = []
    if asked.contestants:
        said.append(f"A part of the contest: {', '.join(asked.contestants)}.")
    if asked.epochs != 1:
        said.append(f"A short contest, with {asked.epochs:g} times the epochs of the whole one.")
    return " ".join(said)


def entrants_of(asked: argparse.Namespace, seed: int) -> list[Contestant]:
    """Who takes part: all, but ablations with the first seeds alone."""
    return [
        each
        for each in contestants.found()
        if (not each.ablation or asked.seeds.index(seed) < asked.ablations)
        and (not asked.contestants or each.name in {TEACHER, *asked.contestants})
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="the folder of activity.npz, spoken_digits.npz, …"
    )
    parser.add_argument("--only", nargs="+", choices=sorted(SOURCES), help="data sets, in order")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(SEEDS)))
    parser.add_argument("--ablations", type=int, default=1, help="of how many seeds")
    names = [each.name for each in contestants.found()]
    parser.add_argument("--contestants", nargs="+", choices=names, help="some, beside the teacher")
    parser.add_argument("--epochs", type=float, default=1.0, help="share of all epochs, to try it")
    parser.add_argument("--instructions", action="store_true", help="count them by emulation, too")
    parser.add_argument("--again", nargs="+", default=[], help="contestants to do anew, or batch")
    parser.add_argument("--quick", action="store_true", help="the bundled digits, hardly trained")
    parser.add_argument("--work", type=Path, help="what is made is kept here")
    parser.add_argument("--output", type=Path, help="where the results are written")
    asked = parser.parse_args()
    if not 0 < asked.epochs <= 1:
        parser.error("--epochs is a share in (0, 1].")
    if asked.quick:
        asked.only, asked.seeds = ["digits"], asked.seeds[:1]
    asked.only = asked.only or [name for name in SOURCES if SOURCES[name].file]
    kept = "quick" if asked.quick else f"epochs-{asked.epochs:g}"
    asked.work = (asked.work or HERE / "work" / kept).resolve()
    asked.output = (asked.output or (asked.work if label_of(asked) else HERE)).resolve()
    asked.work.mkdir(parents=True, exist_ok=True)
    asked.output.mkdir(parents=True, exist_ok=True)
    return asked


def _quiet(event: Event, /) -> None:
    """Stages are many; contestants say when they are done."""


if __name__ == "__main__":
    sys.exit(main())
