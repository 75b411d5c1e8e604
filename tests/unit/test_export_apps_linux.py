"""Kits for Linux boards: C++ compiled and run here and for Arm, Python run, answers as expected."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import ai_edge_litert
import onnxruntime
import pytest
from tests import app_kits, needs
from tests.app_kits import made
from tests.machines import chroot

from edgehone.actions.app.kits import About
from edgehone.actions.app.log import lines
from edgehone.runners._probe import Facts
from edgehone.runners._wheels import library_from_wheel

pytestmark = pytest.mark.peer

LITERT = Path(ai_edge_litert.__file__).parent / "libLiteRt.so"
ARM_ROOT = "/usr/aarch64-linux-gnu"
COMPILE = ("-std=c++17", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror")


def kit(folder: Path, name: str) -> Path:
    """A kit for Linux of a model by its name."""
    if name == "awkward":
        about = About(labels=app_kits.labels(folder), name='Blüm$en "1"')
        made(app_kits.image_net(folder), folder / "kit", "linux", about=about)
    elif name == "integers":
        about = About(mean=(0.5, 0.4, 0.3), deviation=(0.5, 0.6, 0.7))
        file = app_kits.image_net(folder, integers=True)
        made(file, folder / "kit", "linux", about=about)
    elif name == "channels first":
        made(app_kits.channels_first(folder), folder / "kit", "linux")
    elif name == "grey":
        made(app_kits.ended(folder, "LOGISTIC", 1), folder / "kit", "linux")
    elif name in app_kits.UNUSUAL:
        made(app_kits.UNUSUAL[name](folder), folder / "kit", "linux")
    elif name == "two inputs":
        made(app_kits.two_inputs(folder), folder / "kit", "linux", scale=None)
    else:
        made(app_kits.numbers_net(folder), folder / "kit", "linux", about=About(kind="audio"))
    return folder / "kit/linux"


NAMES = (*app_kits.UNUSUAL, "awkward", "integers", "channels first", "grey", "two inputs", "audio")


def library_of(folder: Path) -> Path:
    """The runtime that this machine's packages have for a kit."""
    if (folder / "model.tflite").exists():
        return LITERT
    return next((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))


def compiled(folder: Path, compiler: str, *more: str) -> Path:
    """The kit's golden test as a program."""
    program = folder / "golden_test"
    source = folder / "cpp/golden_test.cpp"
    argv = [needs.program(compiler), *COMPILE, *more, str(source), "-o", str(program), "-ldl"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return program


def ran(argv: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """A golden test run on the kit's model and samples."""
    return subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def cpp(folder: Path, program: Path, *before: str, library: Path | None = None) -> list[str]:
    runtime = str(library or library_of(folder))
    model = next(folder.glob("model.*[!n]"))
    return [*before, str(program), str(model), str(folder / "golden.bin"), runtime]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_cpp_and_python_answer_as_the_exporting_machine(tmp_path: Path, name: str) -> None:
    folder = kit(tmp_path, name)
    program = compiled(folder, "g++")
    python = [sys.executable, str(folder / "python/test_golden.py")]
    sha256 = json.loads((folder / "model.json").read_text())["model"]["sha256"]
    for argv in (cpp(folder, program), python):
        done = ran(argv, folder)
        assert done.returncode == 0, done.stderr
        (text,) = lines(done.stdout, Path("log"))
        assert (text.sha256, text.platform, len(text.latency_ms)) == (sha256, "linux", 32)


@pytest.mark.slow
def test_a_wrong_normalization_and_a_stale_model_fail(tmp_path: Path) -> None:
    folder = kit(tmp_path, "awkward")
    (wrapper,) = folder.glob("cpp/*_model.hpp")
    text = wrapper.read_text()
    assert "{255.0}" in text
    wrapper.write_text(text.replace("{255.0}", "{250.0}"))
    done = ran(cpp(folder, compiled(folder, "g++")), folder)
    assert done.returncode == 1
    assert "instead of" in done.stderr
    wrapper.write_text(text)
    program = compiled(folder, "g++")
    assert ran(cpp(folder, program), folder).returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(app_kits.numbers_net(other), folder / "model.tflite")
    done = ran(cpp(folder, program), folder)
    assert done.returncode == 1
    assert "another one" in done.stderr
    done = ran([sys.executable, str(folder / "python/test_golden.py")], folder)
    assert done.returncode == 1


@pytest.mark.slow
def test_python_fails_on_a_wrong_normalization(tmp_path: Path) -> None:
    folder = kit(tmp_path, "awkward")
    (wrapper,) = folder.glob("python/*_model.py")
    wrapper.write_text(wrapper.read_text().replace("deviation=(255.0,)", "deviation=(250.0,)"))
    done = ran([sys.executable, str(folder / "python/test_golden.py")], folder)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr


def on_arm(folder: Path, argv: list[str]) -> list[str]:
    """The command, seeing an Arm processor in /proc/cpuinfo, which LiteRT reads there."""
    needs.root()
    text = folder / "cpuinfo"
    text.write_text("".join(chroot.CORTEX_A72.cpuinfo.format(cpu=cpu) for cpu in range(4)))
    mounted = f'mount --bind {text} /proc/cpuinfo && exec "$@"'
    apart = [needs.program("unshare"), "--mount", "--propagation=private"]
    return [*apart, "sh", "-c", mounted, "sh", *argv]


@pytest.mark.slow
def test_cpp_answers_the_same_on_arm(tmp_path: Path) -> None:
    """Compiled for 64-bit Arm, with LiteRT's library for it, and emulated."""
    folder = kit(tmp_path, "integers")
    program = compiled(folder, "aarch64-linux-gnu-g++")
    arm = Facts("Linux", "aarch64", glibc=(2, 36))
    library = library_from_wheel("ai-edge-litert>=2.1", "libLiteRt.so*", arm)
    words = (needs.program("qemu-aarch64"), "-cpu", chroot.CORTEX_A72.qemu, "-L", ARM_ROOT)
    done = ran(on_arm(tmp_path, cpp(folder, program, *words, library=library)), folder)
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout


@pytest.mark.slow
def test_cmake_builds_and_tests_the_folder_as_it_is(tmp_path: Path) -> None:
    folder = kit(tmp_path, "grey")
    cmake, build = needs.program("cmake"), str(tmp_path / "build")
    for argv in (
        [cmake, "-S", str(folder / "cpp"), "-B", build, f"-DRUNTIME={LITERT}"],
        [cmake, "--build", build],
        [needs.program("ctest"), "--test-dir", build, "--output-on-failure"],
    ):
        done = ran(argv, folder)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_python_classifies_pictures_of_any_size_by_name(tmp_path: Path) -> None:
    folder = kit(tmp_path, "awkward")
    (wrapper,) = folder.glob("python/*_model.py")
    code = (
        "import numpy as np, sys, json\n"
        f"sys.path.insert(0, {str(wrapper.parent)!r})\n"
        f"import {wrapper.stem} as m\n"
        "model = next(v for k, v in vars(m).items() if k.endswith('Model'))()\n"
        "picture = np.arange(13 * 9 * 4, dtype=np.uint8).reshape(13, 9, 4)\n"
        "print(json.dumps(model.classify_image(picture)))\n"
    )
    done = ran([sys.executable, "-c", code], folder)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {label for label, _ in answers} == set(app_kits.AWKWARD)
    shares = [share for _, share in answers]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
