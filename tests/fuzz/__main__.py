"""The long run: `python -m tests.fuzz --minutes 60`, and the repetition of one input.

Readers take turns, each going on where the last run ended (kept in the folder of findings).
"""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.runs import Child, findings

TURN = 25
"""Inputs of one reader before the next one's turn."""


def main() -> int:
    """Exit code 1 when there was a finding."""
    asked = _arguments()
    if asked.input:
        with Child() as child:
            found = child.tried(asked.reader[0], str(Path(asked.input).absolute()))
        print(found or "read, or refused as it should be")  # noqa: T201
        return bool(found)
    place = Path(asked.findings)
    stop, count = time.monotonic() + 60 * asked.minutes, 0
    kept = place / "resume.json"
    starts = json.loads(kept.read_text()) if kept.exists() else {}
    tried = 0
    with Child() as child:
        while time.monotonic() < stop:
            for name in asked.reader or READERS:
                start = starts.get(name, asked.start)
                for found in findings(name, range(start, start + TURN), child):
                    count += 1
                    path = found.kept(place)
                    print(f"{name} {found.number}: {found.what.strip()}")  # noqa: T201
                    print(f"    {sys.executable} -m tests.fuzz --reader {name} --input {path}")  # noqa: T201
                tried += TURN
                starts[name] = start + TURN
                place.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(starts))
                if time.monotonic() >= stop:
                    break
    print(f"{tried} inputs, {count} findings")  # noqa: T201
    return bool(count)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to try")
    parser.add_argument("--reader", action="append", choices=READERS, help="only this one")
    parser.add_argument("--start", type=int, default=1000, help="number of the first input")
    parser.add_argument("--input", help="read this file with --reader, and nothing else")
    parser.add_argument("--findings", default="fuzz-findings", help="where findings are kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
