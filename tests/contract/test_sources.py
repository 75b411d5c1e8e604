"""What every kind of source promises: the same samples in any form are the same data."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.source_files import CLASSES, WRITERS, Written, X, Y

from edgehone.data import DataSettings, Reading, load, load_evaluation, load_samples
from edgehone.data.sources import kinds
from edgehone.errors import DataError
from edgehone.system.variants import module_names

OTHERS = ("function",)
"""Kinds that are no files."""


def settings(written: Written, **others: Any) -> DataSettings:
    return DataSettings(
        input_shape=(6,), reading=written.reading, scale=written.scale, seed=3, **others
    )


def test_every_kind_is_written_here() -> None:
    assert sorted((*WRITERS, *OTHERS)) == module_names(kinds.__name__)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_samples_are_the_same_data(tmp_path: Path, kind: str) -> None:
    (tmp_path / "npz").mkdir()
    (tmp_path / "own").mkdir()
    arrays, own = WRITERS["archive"](tmp_path / "npz"), WRITERS[kind](tmp_path / "own")
    wanted, found = load(arrays.source, settings(arrays)), load(own.source, settings(own))
    assert found.sha256 == wanted.sha256
    assert found.classes == CLASSES
    assert found.splitting == wanted.splitting
    assert not any("Leakage" in note for note in found.notes)
    everything = load_evaluation(own.source, settings(own)).split
    assert np.array_equal(everything.x, X)
    assert np.array_equal(everything.y, Y)
    assert np.array_equal(load_samples(own.source, settings(own)).x, X)


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def refused(written: Written) -> DataError | None:
    try:
        load(written.source, settings(written))
    except DataError as error:
        return error
    return None


@pytest.mark.parametrize("kind", WRITERS)
def test_damage_is_told_in_one_sentence_and_nothing_is_unpickled(tmp_path: Path, kind: str) -> None:
    folder, mark = tmp_path / "data", tmp_path / "unpickled"
    folder.mkdir()
    written = WRITERS[kind](folder)
    file = written.damaged
    assert file is not None
    whole = file.read_bytes()
    contents = {
        "cut": whole[: len(whole) // 2 + 1],
        "empty": b"",
        "noise": np.random.default_rng(0).bytes(len(whole)),
        "zeros": bytes(len(whole)),
        "pickle": pickle.dumps(Touch(mark)),
        "inside": whole.replace(whole[-40:-20], bytes(20)),
    }
    for name, content in contents.items():
        file.write_bytes(content)
        error = refused(written)
        assert error is not None or name == "inside", f"{name} was read"
        if error is not None:
            assert "\n" not in error.message
            assert error.hint
            assert len(error.message) < 600
    assert not mark.exists()


@pytest.mark.parametrize("kind", WRITERS)
def test_more_than_fits_into_memory_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = WRITERS[kind](tmp_path)
    for module in (
        "data.sources.tables",
        "data.sources.decoding",
        "data.sources.kinds.audio",
        "data.sources.kinds.tfrecord",
        "system.memory",
    ):
        monkeypatch.setattr(f"edgehone.{module}.free_memory", lambda: 500)
    with pytest.raises(DataError, match=r"memory|used at most"):
        load(written.source, settings(written))


def test_functions_give_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"functions_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{module}.py").write_text(
        "import numpy as np\n"
        "from tests.source_files import CLASSES, X, Y\n"
        "def arrays(): return {'x': X, 'y': np.array(CLASSES)[Y], 'class_names': CLASSES}\n"
        "def batches():\n"
        "    for start in range(0, len(X), 25): yield X[start:start + 25], Y[start:start + 25]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    arrays = WRITERS["archive"](tmp_path)
    wanted = load(arrays.source, settings(arrays))
    for name in ("arrays", "batches"):
        source = Written(f"python:{module}:{name}", Reading(classes=CLASSES))
        assert load(source.source, settings(source)).sha256 == wanted.sha256
