"""A run over samples that stay on the disk: the same results, and never many samples at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import small_project

from edgehone.config import load
from edgehone.run import loop
from edgehone.store import Store
from edgehone.system.rows import Array, Changed

pytestmark = pytest.mark.slow

PART = 2**20 // 16 // (64 * 4)
"""Samples of 64 numbers that a run with [data] memory = "1 MiB" may look at at once."""


def ran(folder: Path, memory: str) -> dict[str, Any]:
    text = (folder / "edgehone.toml").read_text()
    project = folder / f"{memory[0]}.toml"
    project.write_text(text.replace("[data]\n", f'[data]\nmemory = "{memory}"\n'))
    store = Store(folder / f"runs-{memory[0]}")
    return loop.run(load(project), store=store, on=[small_project.device(folder)]).to_json()


def test_a_run_reads_few_samples_at_once_and_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_project.write(tmp_path, rounds=1)
    with np.load(tmp_path / "data.npz") as found:
        arrays = dict(found)
    arrays |= {name: np.concatenate([arrays[name]] * 2) for name in "xy"}
    np.savez(tmp_path / "data.npz", allow_pickle=False, **arrays)
    asked: list[int] = []
    read = Changed.read

    def counted(self: Changed, rows: Array) -> Array:
        asked.append(len(rows))
        return read(self, rows)

    monkeypatch.setattr(Changed, "read", counted)
    whole = ran(tmp_path, "2 GiB")
    assert asked == []
    lazy = ran(tmp_path, "1 MiB")
    assert max(asked) <= PART
    assert sum(asked) > 5000
    for key in ("project", "baselines", "candidates", "winner", "generalization"):
        assert comparable(lazy[key]) == comparable(whole[key]), key


def comparable(found: Any) -> Any:
    """What depends on neither the clock nor the folder."""
    dropped = ("seconds", "path", "created", "run", "measured_at", "memory")
    if isinstance(found, dict):
        return {key: comparable(found[key]) for key in found if key not in dropped}
    if isinstance(found, list):
        return [comparable(each) for each in found]
    return found if not isinstance(found, float) else np.float32(found)
