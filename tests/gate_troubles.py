"""Troubles with budgets, options, devices of another kind, and files that a run measured."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.store import Store
from tests import kept_run, onnx_files, tiny_models
from tests.kept_run import Kept, swap
from tests.troubles import BUDGET, SCRIPTED, WHOLE, Make, Trouble, _gating, _project

_WAIVER = '[[waiver]]\nmetric = "size_bytes"\nreason = "new head"\nowner = "ana"\n'
REGRESSION = '[task]\nkind = "regression"\n'


def _own_baseline(folder: Path) -> Sequence[str]:
    words = _gating('metric = "accuracy_drop"\nmax = "1 point"')(folder)
    x = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(60) % 3)
    return [*words, "--data", "data.npz", "--baseline", words[-1]]


def _of_run(attack: Callable[[Kept], Any]) -> Make:
    """`gate --run` on a run that something befell; its store lies beside the folder."""

    def make(folder: Path) -> Sequence[str]:
        kept = kept_run.kept_run(folder.parent / f"{folder.name}-kept")
        attack(kept)
        (folder / "budgets.toml").write_text(BUDGET.replace("100", '"1 MiB"'))
        return ["gate", "budgets.toml", *kept.words()]

    return make


def _document(change: Callable[[Any], None]) -> Callable[[Kept], None]:
    def attack(kept: Kept) -> None:
        document = Store(kept.folder).document(kept.run)
        change(document)
        Store(kept.folder).finish_run(kept.run, "done", document)

    return attack


def _elsewhere(document: Any) -> None:
    document["winner_elsewhere"] = [document["baseline"]]


def _named(device: str) -> Make:
    return _project(f'{WHOLE}device = "{device}"\n')


def _writing(*words: str) -> Make:
    return lambda folder: [*_gating('metric = "size_bytes"\nmax = "1 MiB"')(folder), *words]


def _other_classes(folder: Path) -> Sequence[str]:
    words = _own_baseline(folder)
    onnx_files.linear(folder / "five.onnx", 6, 5)
    return [*words[:-1], "five.onnx"]


GATES = (
    Trouble(
        "a budget that cannot be missed",
        _gating('metric = "size_bytes"\nmin = 0'),
        2,
        "cannot be missed",
        'max = "200 KiB"',
    ),
    Trouble(
        "a name allowed and banned",
        _gating('metric = "operators"\nallowed = ["CONV_2D", "ADD"]\nbanned = ["ADD"]'),
        2,
        "is both allowed and banned",
        "Keep it in one of the two",
    ),
    Trouble(
        "a type that is none",
        _gating('metric = "types"\nbanned = ["float"]'),
        2,
        "banned has 'float', which is none of the data types",
        "All that begin so are 'float*'. Known: float64",
    ),
    Trouble(
        "a change of nothing",
        _gating('metric = "size_bytes"\nmax = "+2 %"'),
        2,
        "'+2 %' is a change, and nothing says of what",
        'Add relative_to = "baseline"',
    ),
    Trouble(
        "a summary over the budgets",
        _writing("--markdown", "budgets.toml"),
        2,
        "would be written over",
        "a name of its own",
    ),
    Trouble(
        "a recording over the model",
        lambda folder: [
            *("bench", str(tiny_models.dense(folder, name="net")), "--record"),
            *(str(folder / "net.tflite"), *SCRIPTED),
        ],
        2,
        "would be written over",
        "a file of its own",
    ),
    Trouble(
        "a summary over the model",
        _writing("--junit", "dense-float32.tflite"),
        2,
        "would be written over",
        "a name of its own",
    ),
    Trouble(
        "two summaries in one file",
        _writing("--junit", "gate.xml", "--sarif", "gate.xml"),
        2,
        "would be written twice",
        "a name of its own",
    ),
    Trouble(
        "a bundle as baseline that is not there",
        lambda folder: [
            *_gating('metric = "size_bytes"\nmax = "+2 %"\nrelative_to = "baseline"')(folder),
            "--baseline",
            "none.zip",
        ],
        5,
        "File not found: none.zip",
        "Check the path",
    ),
    Trouble(
        "a baseline of other classes",
        _other_classes,
        2,
        "five.onnx answers 5 values, dense-float32.tflite 3",
        "Measure files of one task together",
    ),
    Trouble(
        "a budget that cannot be kept",
        _project(WHOLE.replace("100", "-100")),
        2,
        "cannot be kept",
        "Write the most that is allowed",
    ),
    Trouble(
        "percent of an error",
        _project(f'{WHOLE}{REGRESSION}[[budget]]\nmetric = "accuracy_drop"\nmax = "1 %"\n'),
        2,
        "is not a fraction and has no percent",
        "0.01 if that is what you mean",
    ),
    Trouble(
        "two budgets on the same",
        _project(WHOLE + BUDGET),
        2,
        "[[budget]] 1 and 2 both set a max",
        "Keep the one that is meant",
    ),
    Trouble(
        "a least above a most",
        _project(f'{WHOLE}[[budget]]\nmetric = "size_bytes"\nmin = 200\n'),
        2,
        "Nothing can keep both",
        "Correct one of them",
    ),
    Trouble(
        "a device without a name",
        _named(" "),
        2,
        "no device can be called",
        "leave the key out for every device",
    ),
    Trouble(
        "a run on other devices than a budget's",
        _project(f'{WHOLE}{BUDGET.replace("size", "compressed")}device = "pi"\n'),
        2,
        "and the run measures on",
        "Add --on pi",
    ),
    Trouble(
        "a file as its own baseline",
        _own_baseline,
        2,
        "is its own baseline",
        "the float32 one",
    ),
    Trouble(
        "an option without effect",
        lambda folder: [*_gating('metric = "size_bytes"\nmax = 900')(folder), "--data", "none.npz"],
        2,
        "has no effect",
        "Leave out --data",
    ),
    Trouble(
        "a run's file that was swapped",
        _of_run(lambda kept: swap(kept.winner, kept.baseline)),
        5,
        "is not the file that run",
        "Put the measured file back: cp ",
    ),
    Trouble(
        "a run's file that is gone",
        _of_run(lambda kept: kept.winner.unlink()),
        5,
        "is missing",
        "edgehone run --resume",
    ),
    Trouble(
        "a store that lost a run's file",
        _of_run(lambda kept: kept.stored.unlink()),
        5,
        "The store cannot verify",
        "edgehone run --resume",
    ),
    Trouble(
        "a run that tells of another size",
        _of_run(_document(lambda document: document["winner"]["artifact"].update(size_bytes=9))),
        5,
        "the run's document was altered",
        "edgehone gate BUDGETS.toml FILE",
    ),
    Trouble(
        "another file's measurement in a run",
        _of_run(_document(_elsewhere)),
        5,
        "holds another file's measurement",
        "--on DEVICE",
    ),
    Trouble(
        "a run's document of another shape",
        _of_run(_document(lambda document: document["winner"].pop("artifact"))),
        2,
        "The document of run",
        "Another version of edgehone wrote it",
    ),
    Trouble(
        "a change without its sign",
        _gating('metric = "size_bytes"\nmax = "2 %"\nrelative_to = "baseline"'),
        2,
        "of the baseline's value",
        'max = "+2 %"',
    ),
    Trouble(
        "accuracy relative to a baseline",
        _gating('metric = "accuracy"\nmin = "-1 %"\nrelative_to = "baseline"'),
        2,
        "cannot be relative to the baseline",
        'metric = "accuracy_drop"',
    ),
    Trouble(
        "a relative budget without a baseline",
        _gating('metric = "size_bytes"\nmax = "+2 %"\nrelative_to = "baseline"'),
        2,
        "needs a file to compare with",
        "--baseline FILE",
    ),
    Trouble(
        "names banned of what has none",
        _gating('metric = "size_bytes"\nmax = 900\nbanned = ["ADD"]'),
        2,
        "banned says nothing about size_bytes",
        "It is for io_types, operators, types",
    ),
    Trouble(
        "classes of what has none",
        _gating('metric = "agreement"\nmin = "90 %"\nclasses = ["3"]'),
        2,
        "classes says nothing about agreement",
        "accuracy and accuracy_drop",
    ),
    Trouble(
        "a waiver without an end",
        _gating(f'metric = "size_bytes"\nmax = 1\n{_WAIVER}'),
        2,
        "expires is missing",
        "Add it",
    ),
    Trouble(
        "a waiver until some day",
        _gating(f'metric = "size_bytes"\nmax = 1\n{_WAIVER}expires = "soon"'),
        2,
        "is not a day",
        "expires = 2027-03-31",
    ),
    Trouble(
        "files only, and no budget on files",
        lambda folder: [
            *_gating('metric = "latency_p50_ms"\nmax = "1 s"')(folder),
            "--files-only",
        ],
        2,
        "has no budget on what is in the files",
        "Leave out --files-only",
    ),
    Trouble(
        "a project of advisory budgets",
        _project(f"{WHOLE}required = false\n"),
        2,
        "no budget that a run can hold a candidate to",
        "Add a required [[budget]]",
    ),
    Trouble(
        "a margin of everything",
        lambda folder: [
            *_gating('metric = "size_bytes"\nmax = 900')(folder),
            *("--ratchet", "--margin", "100 %"),
        ],
        2,
        "--margin 100 % is out of range",
        '--margin "2 %"',
    ),
)
"""Troubles with budgets, and with what a run has to release."""
