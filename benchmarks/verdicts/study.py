"""Do compare and gate cry wolf, and do they sleep? Simulates both and writes a table.

python benchmarks/verdicts/study.py [--quick]
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import comparing
import gating

from edgehone.stats import wilson

HERE = Path(__file__).parent
SEED = 20_261_130
QUICK, FULL_COMPARE, FULL_GATE = 4, 600, 400
Rows = Sequence[Mapping[str, Any]]


def main() -> None:
    """Run the study, or only read its numbers again with --tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few trials: shows that it works")
    parser.add_argument("--tables", action="store_true", help="only write results.md again")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of results.*")
    asked = parser.parse_args()
    if not asked.tables:
        found = study(*((QUICK, QUICK) if asked.quick else (FULL_COMPARE, FULL_GATE)))
        (asked.output / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    numbers = json.loads((asked.output / "results.json").read_text())
    (asked.output / "results.md").write_text(text(numbers))


def study(compare_trials: int, gate_trials: int) -> dict[str, Any]:
    """Every row of both parts."""
    return {
        "seed": SEED,
        "compare": comparing.rows(compare_trials, SEED),
        "gate": gating.rows(gate_trials, SEED),
    }


def text(found: Mapping[str, Any]) -> str:
    """Both tables, and the worst of each promise."""
    return "\n".join(
        [
            "# What compare and gate say on machines whose truth is known",
            "",
            *compare_table(found["compare"]),
            "",
            *gate_table(found["gate"]),
            "",
        ]
    )


def compare_table(rows: Rows) -> list[str]:
    """Shares by noise and true ratio."""
    lines = [
        f"## compare ({rows[0]['trials']} trials a cell)",
        "",
        "| noise | no change: differs | says same | +2 % found | +5 % found "
        "| wrong sign | pairs at 0 / +2 / +5 % | intervals that hold the truth |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for noise in dict.fromkeys(row["noise"] for row in rows):
        none, two, five = (row for row in rows if row["noise"] == noise)
        false = none["slower"] + none["faster"]
        wrong = max(two["faster"], five["faster"])
        pairs = " / ".join(f"{row['pairs']:.0f}" for row in (none, two, five))
        covered = min(row["covered"] for row in (none, two, five))
        lines.append(
            f"| {noise} | {false:.3f} | {none['same']:.3f} | {two['slower']:.3f} "
            f"| {five['slower']:.3f} | {wrong:.3f} | {pairs} | {covered:.2f} |"
        )
    alarms = [row for row in rows if row["ratio"] == 1.0]
    false = sum(round((row["slower"] + row["faster"]) * row["trials"]) for row in alarms)
    trials = sum(row["trials"] for row in alarms)
    low, high = wilson(false, trials)
    lines += ["", f"False differences in all: {false} of {trials} ({low:.2%} to {high:.2%})."]
    return lines


def gate_table(rows: Rows) -> list[str]:
    """Shares by noise and distance from the limit."""
    places = list(gating.PLACES)
    lines = [
        f"## gate, a limit on p50 ({rows[0]['trials']} trials a cell)",
        "",
        "Pass / fail, and the mean number of blocks; what is left is inconclusive.",
        "",
        "| noise | " + " | ".join(places) + " | further blocks named |",
        "|---|" + "---|" * (len(places) + 1),
    ]
    for noise in dict.fromkeys(row["noise"] for row in rows):
        some = [row for row in rows if row["noise"] == noise]
        cells = [f"{row['passed']:.3f} / {row['failed']:.3f} ({row['blocks']:.0f})" for row in some]
        lines.append(f"| {noise} | {' | '.join(cells)} | {_told(some)} |")
    return lines


def _told(rows: Rows) -> str:
    """How many of what is 5 % over and inconclusive name a number of further blocks."""
    over = rows[0]
    opened = 1 - over["passed"] - over["failed"]
    return f"{over['told']:.2f}" if opened > 0 else "none open"


if __name__ == "__main__":
    main()
