"""Models whose weights lie in layers that no cost table holds are searched as whole files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.config import load
from edgehone.graph import backend
from edgehone.graph.loading import save
from edgehone.run import loop
from edgehone.store import Store
from edgehone.values import WARNING, Event

pytestmark = pytest.mark.slow

PROJECT = """
[model]
teacher = "teacher.keras"
[data]
source = "data.npz"
calibration = 50
[objective]
minimize = "size_bytes"
[search]
rounds = {rounds}
{more}
[distill]
epochs = 1
[export]
formats = ["tflite"]
[[budget]]
metric = "size_bytes"
max = "1 MiB"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of token sequences, all but its head an embedding."""
    home = tmp_path_factory.mktemp("tokens")
    random = np.random.default_rng(0)
    x = random.integers(0, 500, (400, 12)).astype(np.int32)
    np.savez(home / "data.npz", x=x, y=(x[:, 0] > 250).astype(np.int64), allow_pickle=False)
    backend.seed(1)
    layers = backend.keras().layers
    tokens = layers.Input((12,), dtype="int32", name="tokens")
    found = layers.Embedding(500, 32, name="embedding")(tokens)
    found = layers.GlobalAveragePooling1D(name="pool")(found)
    head = layers.Dense(2, activation="softmax", name="head")(found)
    save(backend.keras().Model(tokens, head), home / "teacher.keras")
    (home / "script.json").write_text(json.dumps({"spread": 0.0}))
    return home


def searched(folder: Path, rounds: int, more: str = "") -> tuple[dict[str, Any], list[str]]:
    """The run's document, and what it warned of."""
    (folder / "edgehone.toml").write_text(PROJECT.format(rounds=rounds, more=more))
    events: list[Event] = []
    found = loop.run(
        load(folder / "edgehone.toml"),
        store=Store(folder / "runs"),
        on=[f"local@scripted://{folder / 'script.json'}"],
        force=True,
        progress=events.append,
    )
    return found.to_json(), [event.text for event in events if event.stage == WARNING]


def precisions(found: dict[str, Any]) -> list[str]:
    return [each["measurement"]["artifact"]["precision"] for each in found["candidates"]]


def test_whole_file_precisions_are_candidates_of_any_model(folder: Path) -> None:
    found, warnings = searched(folder, 3)
    assert {"dynamic8", "float16"} <= {each.partition("+")[0] for each in precisions(found)}
    (sentence,) = [text for text in warnings if "cost layer by layer" in text]
    assert "knows what 0% of the weights cost" in sentence


def test_precisions_that_are_named_are_the_only_ones(folder: Path) -> None:
    found, _ = searched(folder, 3, 'precisions = ["float32", "dynamic8"]')
    assert {each.partition("+")[0] for each in precisions(found)} == {"dynamic8"}
