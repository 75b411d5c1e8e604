"""Does the demonstration keep its promise on every seed? Runs it on ten and writes a table."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEAD = (
    "| seed | decision | winner | smaller | faster (95 % interval) | accuracy drop, points "
    "(95 % interval) | seconds |\n|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Run the demonstration on seeds 0 to N-1; a seed that was run before is looked up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    documents = [run(seed, asked.work / f"seed-{seed}") for seed in range(asked.seeds)]
    kept = sum(promised(document) for document in documents)
    text = HEAD + "".join(row(seed, document) for seed, document in enumerate(documents))
    text += f"\n{kept} of {len(documents)} seeds: at least 4x smaller, 4x faster, budgets kept.\n"
    (HERE / "results.md").write_text(text)
    print(text)


def run(seed: int, folder: Path) -> dict[str, Any]:
    """The run document of one seed."""
    command = ["demo", "--seed", str(seed), "--folder", str(folder), "--json"]
    argv = [sys.executable, "-m", "edgehone", *command]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, timeout=1800)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def promised(document: dict[str, Any]) -> bool:
    """Whether the winner keeps the budgets and is at least 4 times smaller and faster."""
    if document["winner"] is None or document["decision"] != "pass":
        return False
    return smaller(document) >= 4 and document["winner_speedup"]["ratio"] >= 4


def smaller(document: dict[str, Any]) -> float:
    """Bytes of the float32 baseline over the winner's."""
    before, after = document["baseline"]["artifact"], document["winner"]["artifact"]
    return float(before["size_bytes"] / after["size_bytes"])


def row(seed: int, document: dict[str, Any]) -> str:
    """One line of the table."""
    if document["winner"] is None:
        return f"| {seed} | {document['decision']} | none | | | | {document['seconds']:.0f} |\n"
    speedup, accuracy = document["winner_speedup"], document["winner"]["accuracy"]
    low, high = speedup["ci95"]
    first, last = (100 * end for end in accuracy["drop_ci95"])
    drop = f"{100 * accuracy['drop']:+.1f} ({first:+.1f} to {last:+.1f})"
    return (
        f"| {seed} | {document['decision']} | {document['winner_name']} "
        f"{document['winner']['artifact']['format']} | {smaller(document):.1f}x "
        f"| {speedup['ratio']:.1f}x ({low:.1f} to {high:.1f}) | {drop} "
        f"| {document['seconds']:.0f} |\n"
    )


if __name__ == "__main__":
    main()
