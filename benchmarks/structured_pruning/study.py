"""What half of the channels are worth: bytes, latency and accuracy of the Fashion-MNIST teacher."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FASHION = HERE.parent / "fashion_mnist"
sys.path.insert(0, str(FASHION))

import images  # noqa: E402 - the other study's modules
from teacher import Lesson, trained  # noqa: E402
from watching import Lines  # noqa: E402

from edgehone.run.workspace import Workspace, opened  # noqa: E402
from edgehone.stats import percentile, ratio_ci  # noqa: E402
from edgehone.store import Store  # noqa: E402
from edgehone.system.files import write_whole  # noqa: E402

WORK = HERE / "work"
PROJECT = f"""\
[model]
teacher = "teacher.keras"
[data]
source = "images.npz"
scale = {images.SCALE!r}
[[budget]]
metric = "accuracy_drop"
max = 0.02
"""
HEAD = (
    "| recipe | parameters | MACs | bytes | smaller | p50, us | faster (95 % interval) | "
    "accuracy, % |\n|---|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Teacher, recipes, one interleaved batch of measurements, results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="an .npz with x_train, y_train, x_test, y_test")
    parser.add_argument("--train", type=int, default=55_000, help="most images to train on")
    parser.add_argument("--blocks", type=int, default=15)
    asked = parser.parse_args()
    store = Store(WORK)
    images.write(asked.data, asked.train, WORK / "images.npz")
    workspace = Workspace(store, WORK, progress=Lines())
    with opened(WORK):
        teacher = trained(workspace, WORK / "images.npz", Lesson())
    write_whole(WORK / "teacher.keras", teacher.path.read_bytes())
    write_whole(WORK / "edgehone.toml", PROJECT)
    made = edgehone("compress", "teacher.keras", str(HERE / "recipes.toml"), "-o", "out")
    recipes = made["recipes"]
    files = [recipe["artifacts"][0]["path"] for recipe in recipes]
    found = edgehone("bench", *files, "--data", "images.npz", "--blocks", str(asked.blocks))
    text = table(recipes, found["measurements"])
    write_whole(HERE / "results.md", text)
    print(text)


def edgehone(*arguments: str) -> dict[str, Any]:
    """What a command of edgehone prints as JSON, run in the working folder."""
    done = subprocess.run(
        [sys.executable, "-m", "edgehone", *arguments, "--json"],
        stdout=subprocess.PIPE,
        cwd=WORK,
        check=True,
        timeout=3600,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(recipes: list[dict[str, Any]], measurements: list[dict[str, Any]]) -> str:
    """One row a recipe, each against the whole model in the same precision."""
    whole = {m["artifact"]["precision"]: m for m in measurements[:2]}
    lines = [
        row(recipe, measured, whole[measured["artifact"]["precision"]])
        for recipe, measured in zip(recipes, measurements, strict=True)
    ]
    verdicts = sorted({measured["verdict"] for measured in measurements})
    runtime = measurements[0]["runtime"]
    return (
        HEAD
        + "".join(lines)
        + f"\nMeasured in one interleaved batch with {runtime['name']} {runtime['version']}, "
        f"{runtime['threads']} thread; verdicts: {', '.join(verdicts)}. Smaller and faster: "
        "against the whole model in the same precision.\n"
    )


def row(recipe: dict[str, Any], measured: dict[str, Any], whole: dict[str, Any]) -> str:
    """One line of the table."""
    ratio, (low, high) = ratio_ci(list(zip(medians(whole), medians(measured), strict=True)))
    size = measured["artifact"]["size_bytes"]
    smaller = whole["artifact"]["size_bytes"] / size
    model = recipe["model"]
    return (
        f"| {recipe['name']} | {model['params']:,} | {model['macs']:,} | {size:,} "
        f"| {smaller:.2f}x | {1000 * measured['latency_ms']['p50']:.0f} "
        f"| {ratio:.2f}x ({low:.2f} to {high:.2f}) "
        f"| {100 * measured['accuracy']['value']:.2f} |\n"
    )


def medians(measured: dict[str, Any]) -> list[float]:
    """The median latency of every block."""
    return [percentile(block, 50) for block in measured["latency_ms"]["samples"]]


if __name__ == "__main__":
    main()
