"""What `doctor` looks at: packages, programs, disk, profiles, and the local device."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from edgehone.actions.devices.readiness import device_readiness
from edgehone.devices._sysroot import GET_LIBRARIES, glibc, missing_libraries
from edgehone.devices.qemu import GET_QEMU, PROGRAM, takes_plugins
from edgehone.measure.device import resolve
from edgehone.runners._counting import GET_COMPILER, host_compiler
from edgehone.system import installing

OLDEST_PYTHON = (3, 11)
NEEDED_BYTES = 2**30
"""Free disk below which a run may not fit."""

MEASURING = {"ai_edge_litert": "ai-edge-litert", "onnxruntime": "onnxruntime", "onnx": "onnx"}
COMPRESSING = {
    "tensorflow": "tensorflow",
    "keras": "keras",
    "litert_quantizer": "litert-quantizer",
    "tf2onnx": "tf2onnx",
    "scipy": "scipy",
}
LEGACY = {
    "tf_keras": "tf_keras",
    "tensorflow_model_optimization": "tensorflow-model-optimization",
}
PROGRAMS = {
    "ssh": ("boards reached over ssh", "openssh-client"),
    "adb": ("Android phones", "adb"),
    "aarch64-linux-gnu-gcc": ("arm-emulated; boards without Python", "gcc-aarch64-linux-gnu"),
    "arm-linux-gnueabihf-gcc": ("32-bit boards without Python", "gcc-arm-linux-gnueabihf"),
}
"""What each program is for, and the package of Debian and its kin that has it."""

Check = dict[str, Any]


def examine(folder: Path) -> list[Check]:
    """Checks {"name", "ok", "required", "found", "needed_for", "advice"}, the needed ones first."""
    return [
        _python(),
        *(_package(m, d, "bench, compare, gate", required=True) for m, d in MEASURING.items()),
        _disk(folder),
        _local_device(),
        *(_package(m, d, "run, demo, export", required=False) for m, d in COMPRESSING.items()),
        *(
            _package(m, d, "models of Keras 2", required=False, extra="legacy")
            for m, d in LEGACY.items()
        ),
        _pip(),
        *(_program(name, *about) for name, about in PROGRAMS.items()),
        *_emulation(),
        _zig(),
        _ndk(),
    ]


def _check(
    name: str, needed_for: str, found: str, advice: str, *, ok: bool, required: bool
) -> Check:
    return {
        "name": name,
        "ok": ok,
        "required": required,
        "found": found,
        "needed_for": needed_for,
        "advice": "" if ok else advice,
    }


def _python() -> Check:
    return _check(
        "Python",
        "everything",
        platform.python_version(),
        "Install Python 3.11 or newer.",
        ok=sys.version_info >= OLDEST_PYTHON,
        required=True,
    )


def _package(
    module: str, distribution: str, needed_for: str, *, required: bool, extra: str = "compress"
) -> Check:
    there = importlib.util.find_spec(module) is not None
    return _check(
        distribution,
        needed_for,
        _version(distribution) if there else "",
        installing.command("" if required else extra),
        ok=there,
        required=required,
    )


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def _program(name: str, needed_for: str, package: str) -> Check:
    path = shutil.which(name)
    advice = f"Install {package} with the system's package manager."
    return _check(name, needed_for, path or "", advice, ok=path is not None, required=False)


def _emulation() -> list[Check]:
    """What arm-emulated takes beside a compiler for Arm: QEMU with plugins, libraries, and a
    compiler for this machine, which builds the plugin.
    """
    program, lacking = shutil.which(PROGRAM), missing_libraries()
    plugins = program is not None and takes_plugins(program)
    text = f"{program}, which takes no plugins" if program and not plugins else program or ""
    libraries = f"without {', '.join(lacking)}" if lacking else "glibc {}.{}".format(*glibc())
    compiler = " ".join(host_compiler())
    need = "counting instructions (arm-emulated)"
    return [
        _check(PROGRAM, need, text, GET_QEMU, ok=plugins, required=False),
        _check("libraries for Arm", need, libraries, GET_LIBRARIES, ok=not lacking, required=False),
        _check("C compiler", need, compiler, GET_COMPILER, ok=compiler != "", required=False),
    ]


def _pip() -> Check:
    there = importlib.util.find_spec("pip") is not None
    return _check(
        "pip",
        "devices setup",
        _version("pip") if there else "",
        f"{sys.executable} -m ensurepip",
        ok=there,
        required=False,
    )


def _zig() -> Check:
    there = importlib.util.find_spec("ziglang") is not None
    found = _version("ziglang") if there else shutil.which("zig") or ""
    needed_for = "boards without Python, old ones too"
    return _check(
        "zig", needed_for, found, installing.command("devices"), ok=found != "", required=False
    )


def _ndk() -> Check:
    place = os.environ.get("ANDROID_NDK_HOME", "")
    there = place != "" and (Path(place) / "toolchains").is_dir()
    advice = "Install Android's NDK and set ANDROID_NDK_HOME to its folder."
    return _check("NDK", "Android phones", place, advice, ok=there, required=False)


def _disk(folder: Path) -> Check:
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    found = f"{free / 2**30:.1f} GiB free" if writable else f"{place} may not be written to"
    advice = "Free some space." if writable else "Choose another folder with --folder."
    return _check(
        f"folder {folder}",
        "runs",
        found,
        advice,
        ok=writable and free >= NEEDED_BYTES,
        required=True,
    )


def _local_device() -> Check:
    found = device_readiness(resolve("local"))
    return _check(
        "this machine",
        "measuring on it",
        ", ".join(found["runtimes"].values()),
        " ".join(found["remarks"]),
        ok=bool(found["fit"]),
        required=False,
    )
