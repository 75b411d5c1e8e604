"""The long run: `python -m tests.fuzz --minutes 60`, and the repetition of one input.

Readers take turns, each going on where the last run ended (kept in the folder of findings).
"""

import argparse
import json
import sys
import time
from itertools import cycle
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.runs import Child, findings

TURN, LONG_TURN = 20, 2
"""Inputs of one reader before the next one's turn."""


def main() -> int:
    """Exit code 1 when there was a finding."""
    asked = _arguments()
    with Child() as child:
        if asked.input:
            wrong = child.tried(asked.reader[0], str(Path(asked.input).absolute()))
            _say(wrong or "read, or refused as it should be")
            return bool(wrong)
        tried, found = _run(asked, child)
    _say(f"{tried} inputs, {found} findings")
    return bool(found)


def _run(asked: argparse.Namespace, child: Child) -> tuple[int, int]:
    """Try inputs until the time is up: how many there were, and how many findings."""
    place, stop = Path(asked.findings), time.monotonic() + 60 * asked.minutes
    place.mkdir(parents=True, exist_ok=True)
    kept, tried, found = place / "resume.json", 0, 0
    starts = json.loads(kept.read_text()) if kept.exists() else {}
    for name in cycle(asked.reader or READERS):
        if time.monotonic() >= stop:
            break
        start = max(asked.start, starts.get(name, 0))
        turn = range(start, start + _turn(name))
        for each in findings(name, turn, child):
            found += 1
            path = each.kept(place)
            _say(f"{name} {each.number}: {each.what.strip()}")
            _say(f"    python -m tests.fuzz --reader {name} --input {path}")
        tried, starts[name] = tried + len(turn), turn.stop
        kept.write_text(json.dumps(starts))
    return tried, found


def _turn(name: str) -> int:
    """How many inputs a reader tries before the next one's turn."""
    reader = READERS[name]
    return LONG_TURN if reader.long else TURN * reader.times


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to try")
    parser.add_argument("--reader", action="append", choices=READERS, help="only this one")
    parser.add_argument("--start", type=int, default=1000, help="number of the first input")
    parser.add_argument("--input", help="read this file with --reader, and nothing else")
    parser.add_argument("--findings", default="fuzz-findings", help="where findings are kept")
    asked = parser.parse_args()
    if asked.input and not asked.reader:
        parser.error("--input needs --reader")
    return asked


if __name__ == "__main__":
    sys.exit(main())
