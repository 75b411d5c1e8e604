"""Kits for Android: compiled by Kotlin's compiler against stubs; they write the same tensors."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests import app_kits, needs, node_packages
from tests.app_kits import made

from edgehone.actions.app.kits import About
from edgehone.documents.app_model import InputEntry
from edgehone.errors import ConversionError
from edgehone.export.apps._golden import as_model_takes
from edgehone.formats._base import Array

pytestmark = pytest.mark.peer

STUBS = Path(__file__).parents[1] / "app_stubs/kotlin"

FEED = """
fun main(words: Array<String>) {
    val file = java.nio.file.Files.readAllBytes(java.nio.file.Path.of(words[0]))
    val data = java.nio.ByteBuffer.wrap(file).order(java.nio.ByteOrder.LITTLE_ENDIAN)
    val model = app.%(ident)s.%(klass)s.create(android.content.res.AssetManager())
    %(call)s
    app.%(ident)s.LABELS.forEach { println("label " + it) }
}
"""


def compiled(folder: Path, *sources: Path) -> Path:
    """Kotlin files and the stubs as classes. Warnings that matter are errors."""
    library = node_packages.packages() / "kotlin-compiler/lib"
    classes = folder / "classes"
    # It runs for seconds: what the second of Java's compilers would gain, it costs.
    brief = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    java = [needs.program("java"), *brief, "-cp", str(library / "kotlin-compiler.jar")]
    compiler = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
    argv = [*java, compiler, "-no-stdlib", "-no-reflect", "-Werror", "-d", str(classes)]
    argv += ["-classpath", str(library / "kotlin-stdlib.jar")]
    argv += map(str, (*sources, *sorted(STUBS.glob("*.kt"))))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return classes


def ran(folder: Path, classes: Path, *words: str) -> list[str]:
    """What the program in the classes prints."""
    library = node_packages.packages() / "kotlin-compiler/lib/kotlin-stdlib.jar"
    argv = [needs.program("java"), "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"]
    argv += ["-cp", f"{classes}:{library}", "FeedKt", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def quantized(raw: Array, entry: InputEntry) -> Array:
    """The tensor of int8 that the model takes."""
    numbers = as_model_takes(raw, entry)
    assert entry.scale is not None
    assert entry.zero_point is not None
    rounded = np.round(numbers / np.float32(entry.scale)) + entry.zero_point
    return np.asarray(np.clip(rounded, -128, 127).astype(np.int8))


@pytest.mark.slow
def test_kotlin_compiles_and_writes_the_same_tensors(tmp_path: Path) -> None:
    about = About(
        labels=app_kits.labels(tmp_path),
        name='Blüm$en "1" */',
        mean=(0.5, 0.4, 0.3),
        deviation=(0.5, 0.6, 0.7),
    )
    kits = made(
        app_kits.image_net(tmp_path, integers=True), tmp_path / "kit", "android", about=about
    )
    module = tmp_path / "kit/android/model/src"
    (wrapper,) = module.glob("main/kotlin/*_model.kt")
    (golden,) = module.glob("androidTest/kotlin/*.kt")
    feed = tmp_path / "Feed.kt"
    klass = "".join(word.capitalize() for word in wrapper.stem.split("_"))
    call = "val raw = ByteArray(108).also { data.get(it) }; model.run(raw)"
    feed.write_text(FEED % {"ident": wrapper.stem, "klass": klass, "call": call})
    classes = compiled(tmp_path, wrapper, golden, feed)
    printed = ran(tmp_path, classes, str(module / "androidTest/assets/golden.bin"))
    model = kits["kits"][0]["model"]
    raw = np.frombuffer((module / "androidTest/assets/golden.bin").read_bytes()[:108], np.uint8)
    given = model["inputs"][0]
    entry = InputEntry(
        given["name"],
        "image",
        tuple(given["shape"]),
        given["dtype"],
        given["scale"],
        given["zero_point"],
        "uint8",
        0,
        255,
        tuple(given["mean"]),
        tuple(given["deviation"]),
        "NHWC",
    )
    name, kind, *values = printed[0].split()
    assert (name, kind) == (given["name"], "int8")
    np.testing.assert_array_equal(np.array(values, int), quantized(raw[None], entry).ravel())
    assert printed[1:] == [f"label {label}" for label in app_kits.AWKWARD]


@pytest.mark.slow
def test_other_shapes_of_kits_compile(tmp_path: Path) -> None:
    """All in one call of the compiler: each kit has a package of its own."""
    files = (
        app_kits.ended(tmp_path, "LOGISTIC", 1),
        app_kits.two_inputs(tmp_path),
        app_kits.two_outputs(tmp_path),
        app_kits.tokens(tmp_path),
        app_kits.numbers_net(tmp_path),
    )
    sources: list[Path] = []
    for number, file in enumerate(files):
        about = About(name=f"kit {number}", kind="audio" if number == 4 else "")
        made(file, tmp_path / f"kit{number}", "android", about=about)
        sources += (tmp_path / f"kit{number}").rglob("*_model.kt")
        golden = next((tmp_path / f"kit{number}").rglob("GoldenTest.kt"))
        sources.append(golden.rename(golden.with_name(f"GoldenTest{number}.kt")))
    assert len(sources) == 2 * len(files)
    compiled(tmp_path, *sources)


def test_unsigned_borders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="has uint8 at 'pixels'") as caught:
        made(app_kits.pixel_bytes(tmp_path), tmp_path / "kit", "android")
    assert "float32 inputs and outputs" in caught.value.hint
