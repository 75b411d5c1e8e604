"""What goes wrong where a model is brought into an app."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests import app_kits, onnx_files, tflite_files, tiny_models
from tests.troubles import Make, Trouble


def _kit(*words: str, net: str = "numbers") -> Make:
    """A call of `edgehone app` for a net of numbers or of pixels."""

    def make(folder: Path) -> Sequence[str]:
        file = app_kits.image_net(folder) if net == "pixels" else app_kits.numbers_net(folder)
        return ["app", file.name, "-o", "kits", *words]

    return make


def _labels(text: bytes) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "names.txt").write_bytes(text)
        return _kit("--for", "linux", "--labels", "names.txt")(folder)

    return make


def _reading(text: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "log.txt").write_text(text)
        return ["app", "--read", "log.txt"]

    return make


def _used(folder: Path) -> Sequence[str]:
    (folder / "kits").mkdir()
    (folder / "kits/mine").write_text("kept")
    return _kit("--for", "linux")(folder)


def _unlike_tier(folder: Path) -> Sequence[str]:
    tiny_models.dense(folder, "int8", "small")
    return _kit("--for", "android", "--tier", "low=small.tflite:ram<4GiB")(folder)


def _library(folder: Path) -> Sequence[str]:
    (folder / "libx.so").write_bytes(b"text")
    return _kit("--for", "android", "--library", "libx.so")(folder)


def _archive(folder: Path) -> Sequence[str]:
    np.savez(folder / "a.npz", x=np.zeros(3))
    (folder / "a.npz").rename(folder / "litert.aar")
    return _kit("--for", "android", "--library", "litert.aar")(folder)


def _not_numbers(folder: Path) -> Sequence[str]:
    onnx_files.not_numbers(folder / "net.onnx")
    return ["app", "net.onnx", "-o", "kits", "--for", "linux", "--data", "random"]


def _alike(kind: str, *shape: int) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "net.tflite").write_bytes(tflite_files.alike(kind, shape))
        return ["app", "net.tflite", "-o", "kits", "--for", "linux"]

    return make


def _entering_elsewhere(folder: Path) -> Sequence[str]:
    app_kits.entering_elsewhere(folder)
    return ["app", "two.tflite", "-o", "kits", "--for", "linux"]


_LINE = '{"schema": 1, "sha256": "%s", "latency_ms": [1.0]}' % ("0" * 64)


def _tier(*tiers: str, net: str = "numbers", platform: str = "android") -> Make:
    words = [word for text in tiers for word in ("--tier", text)]
    return _kit("--for", platform, *words, net=net)


_TIERS = (
    Trouble("no tier", _tier("low"), 2, "is not a tier", "low=smallest:ram<4GiB"),
    Trouble(
        "tier for all", _tier("low=a.tflite"), 2, "has no condition", "Devices that match no tier"
    ),
    Trouble(
        "name of a tier",
        _tier("low-end=a.tflite:ram<4GiB"),
        2,
        "cannot be the name of a tier",
        "letters, digits and underscores",
    ),
    Trouble(
        "tier of the others",
        _tier("other=a.tflite:ram<4GiB"),
        2,
        "'other' is Google Play's name",
        "take another name",
    ),
    Trouble(
        "two tiers of one name",
        _tier("low=a.tflite:ram<4GiB", "Low=b.tflite:ram<2GiB"),
        2,
        "have one name",
        "a name of its own",
    ),
    Trouble(
        "condition of a tier",
        _tier("low=a.tflite:ram=4"),
        2,
        "Unknown condition",
        "Known: ram<4GiB",
    ),
    Trouble(
        "memory of a tier",
        _tier("low=a.tflite:ram>=4GiB,ram<2GiB"),
        2,
        "No device has the memory",
        "conditions on ram",
    ),
    Trouble(
        "tier behind another",
        _tier("low=a.tflite:ram<8GiB", "tiny=b.tflite:ram<2GiB"),
        2,
        "No device falls into tier",
        "the narrower tier first",
    ),
    Trouble(
        "tiers of a board",
        _tier("low=a.tflite:ram<4GiB", platform="linux"),
        2,
        "--tier has no effect",
        "Add android",
    ),
    Trouble(
        "only one tier",
        _tier("other=dense-float32.tflite"),
        2,
        "There is no tier but 'other'",
        "with a condition",
    ),
    Trouble(
        "tier of other borders",
        _unlike_tier,
        5,
        "has another contract with the app",
        "[export] io is the same",
    ),
    Trouble(
        "delivery",
        _kit("--for", "android", "--delivery", "on-demand"),
        2,
        "--delivery has no effect",
        "leave --delivery out",
    ),
    Trouble(
        "unknown delivery",
        _kit("--for", "android", "--delivery", "later"),
        2,
        "Unknown delivery 'later'",
        "install-time",
    ),
)

APPS = (
    Trouble("platform", _kit("--for", "androyd"), 2, "Unknown platform 'androyd'", "'android'"),
    Trouble(
        "platform of two words",
        _kit("--for", "react"),
        2,
        "Unknown platform 'react'",
        "react-native",
    ),
    Trouble(
        "text",
        _alike("STRING", 1, 4),
        5,
        "apps exchange numbers with a model",
        "behind the layers that read",
    ),
    Trouble(
        "no values",
        _alike("FLOAT32", 1, 0),
        5,
        "an app gives one sample of a fixed size",
        "a batch of 1",
    ),
    Trouble(
        "entry elsewhere",
        _entering_elsewhere,
        5,
        "runtimes differ in which of them they run",
        "the main graph be the first",
    ),
    Trouble("no axis", _alike("FLOAT32"), 5, "is a lone number", "(1, 1)"),
    Trouble("no numbers", _not_numbers, 5, "answers NaN or infinity", "--scale, --mean and --std"),
    Trouble("no platform", _kit(), 2, "No platform is named", "Known: android"),
    Trouble("kits in use", _used, 2, "kits is not empty", "Give a new folder"),
    Trouble(
        "file and run",
        _kit("--for", "linux", "--run", "latest"),
        2,
        "Neither a file nor a run was given",
        "--run RUN",
    ),
    Trouble(
        "pixels unscaled",
        _kit("--for", "linux", net="pixels"),
        2,
        "Nothing says how pixels become the numbers",
        "--scale 1/255",
    ),
    Trouble("classes", _labels(b"a\nb\n"), 2, "There are 2 class names", "one a line"),
    Trouble("empty class", _labels(b"a\n\nb\n"), 2, "or an empty one among them", "each line"),
    Trouble("labels in bytes", _labels(b"\xff\xfe"), 2, "is not UTF-8 text", "Save it as UTF-8"),
    Trouble(
        "kind of input", _kit("--for", "linux", "--input", "x"), 2, "Unknown kind of input", "image"
    ),
    Trouble(
        "numbers as pixels",
        _kit("--for", "linux", "--input", "image"),
        2,
        "needs rows, columns",
        "--input numbers",
    ),
    Trouble("deviation", _kit("--for", "linux", "--std", "0"), 2, "--std is 0", "--std 1"),
    Trouble(
        "means", _kit("--for", "linux", "--mean", "1,2"), 2, "--mean has 2 numbers", "one for each"
    ),
    *_TIERS,
    Trouble("no library", _library, 2, "is not a shared library", ".aar"),
    Trouble("empty archive", _archive, 2, "holds no shared library", ".so"),
    Trouble("empty log", _reading("nothing\n"), 2, "has no line", "golden test"),
    Trouble(
        "cut log", _reading("edgehone-app {\n"), 2, "is not what a golden test prints", "whole"
    ),
    Trouble(
        "unknown model",
        _reading(f"edgehone-app {_LINE}\n"),
        2,
        "The app ran a model with SHA-256",
        "edgehone app FILE --read LOG",
    ),
)
