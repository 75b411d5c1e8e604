"""Shapes of trouble with tables, audio, records, and keys that say how data are read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tests import source_files, tiny_models
from tests.source_files import Written
from tests.troubles import SCRIPTED, Make, Trouble

ROWS = "a,b,c,d,e,f,kind\n1,2,3,4,5,6,0\n1,2,3,4,5,6,1\n"


def _judged(write: Callable[[Path], object], source: str, keys: str = "") -> Make:
    """A small file judged on a source, in a project with these keys."""

    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        write(folder)
        (folder / "edgehone.toml").write_text(f"[data]\n{keys}\n")
        return ["bench", "net.tflite", "--data", source, *SCRIPTED]

    return make


def _table(text: str, keys: str = 'target = "kind"') -> Make:
    return _judged(lambda folder: (folder / "data.csv").write_text(text), "data.csv", keys)


def _written(write: Callable[[Path], Written], keys: str) -> Make:
    """A source of the contract suite, in a folder of its own."""

    def below(folder: Path) -> None:
        (folder / "data").mkdir()
        write(folder / "data")

    name = {"tfrecord": "data/data.tfrecord"}.get(write.__name__, "data")
    return _judged(below, name, keys)


def _one_person(folder: Path) -> None:
    np.savez(folder / "data.npz", x=source_files.X, y=source_files.Y, group=np.zeros(66))


SOURCES = (
    Trouble(
        "a table whose target is not named",
        _table(ROWS, ""),
        2,
        "does not say which column is the target",
        'target = "kind"',
    ),
    Trouble(
        "a column that is not there",
        _table(ROWS, 'target = "kinds"'),
        2,
        "has no column 'kinds'",
        "Did you mean 'kind'?",
    ),
    Trouble(
        "a cell without a value",
        _table(ROWS + "1,2,,4,5,6,1\n"),
        2,
        "line 4: column 'c' has no value",
        "Correct or drop the row",
    ),
    Trouble(
        "a cell with a text",
        _table(ROWS + "1,2,3,many,5,6,1\n"),
        2,
        "column 'd' has 'many', which is not a number of float32",
        "name those that it sees",
    ),
    Trouble(
        "a row with more cells than columns",
        _table(ROWS + "1,2,3,4,5,6,7,1\n"),
        2,
        "8 cells, and the first line names 7 columns",
        "need quotes",
    ),
    Trouble(
        "a table without names",
        _table("1,2,3\n4,5,6\n"),
        2,
        "has no names of columns",
        "into the first line",
    ),
    Trouble(
        "a label that is no class",
        _table(
            ROWS.replace(",0\n", ",cat\n").replace(",1\n", ",cow\n"),
            'target = "kind"\nclasses = ["cat", "dog", "owl"]',
        ),
        2,
        "has the label 'cow', which is not a class",
        "Correct the label, or add it to classes",
    ),
    Trouble(
        "audio of another rate",
        _written(source_files.audio, "sample_rate = 44100"),
        2,
        "has 8000 samples per second, and 44100 are wanted",
        "sample_rate = 8000",
    ),
    Trouble(
        "audio shorter than a frame",
        _written(source_files.audio, 'sample_rate = 8000\nfront_end = "mfcc"'),
        2,
        "has 6 samples, fewer than a frame (240)",
        "Shorten frame_ms",
    ),
    Trouble(
        "records that are not described",
        _written(source_files.tfrecord, ""),
        2,
        "the first record has label (bytes), x (float32)",
        "features under [data]",
    ),
    Trouble(
        "a preprocessing function that is nowhere",
        _judged(_one_person, "data.npz", 'preprocess = "keras.applications.preprocess"'),
        2,
        "Unknown function 'keras.applications.preprocess' for preprocess",
        "preprocess_input",
    ),
)
"""Troubles with sources that are neither arrays nor images."""
