"""A cache of one command: what was made is looked up, and files lie under their content's hash."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehone.run.cache import Cache, MemoryCache
from edgehone.store import Store
from edgehone.system.files import sha256_of


@pytest.fixture(params=["memory", "store"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return MemoryCache(tmp_path / "kept") if request.param == "memory" else Store(tmp_path / "kept")


def counted(cache: Cache, inputs: dict[str, Any], **options: Any) -> tuple[Any, int]:
    """The value of a stage, and how often it was made for that."""
    made: list[int] = []

    def work() -> dict[str, Any]:
        made.append(1)
        return {"rows": (1, np.float64(2.5)), "nothing": float("nan")}

    return cache.stage("stage", inputs, work, **options), len(made)


def test_a_stage_is_made_once_for_its_inputs_and_version(cache: Cache) -> None:
    assert counted(cache, {"a": 1, "b": (2,)})[1] == 1
    assert counted(cache, {"b": [2], "a": 1})[1] == 0
    assert counted(cache, {"a": 2, "b": (2,)})[1] == 1
    assert counted(cache, {"a": 1, "b": (2,)}, version=2)[1] == 1


def test_a_value_is_as_json_holds_it_whether_made_or_looked_up(cache: Cache) -> None:
    first, again = (counted(cache, {})[0] for _ in range(2))
    assert first == again == {"rows": [1, 2.5], "nothing": None}


def test_a_stale_value_is_made_again(cache: Cache) -> None:
    assert counted(cache, {}, stale=lambda _: True)[1] == 1
    assert counted(cache, {}, stale=lambda _: True)[1] == 1
    assert counted(cache, {}, stale=lambda _: False)[1] == 0


def test_what_fails_is_made_again(cache: Cache) -> None:
    def fails() -> dict[str, Any]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.stage("stage", {}, fails)
    assert counted(cache, {})[1] == 1


def test_a_file_is_kept_under_its_content_with_its_suffix(cache: Cache, tmp_path: Path) -> None:
    file = tmp_path / "mine.tflite"
    file.write_bytes(b"content")
    sha256 = cache.add_file(file)
    assert sha256 == sha256_of(file)
    file.unlink()
    kept = cache.path_of(sha256)
    assert kept.read_bytes() == b"content"
    assert kept.name == f"{sha256}.tflite"
