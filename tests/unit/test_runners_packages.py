"""Which packages a device's Python gets, and why another one gets none."""

import pytest

from edgehone import targets
from edgehone.runners._packages import Choice, bounds, choose, lacking
from edgehone.runners._probe import Facts, Interpreter

ASKED = ("ai-edge-litert>=2.1", "onnxruntime", "numpy")


def chosen(
    machine: str,
    glibc: tuple[int, int] | None,
    version: tuple[int, int],
    bits: int = 64,
    numpy: str = "",
    asked: tuple[str, ...] = ASKED,
) -> Choice | str:
    python = Interpreter("/usr/bin/python3", version, bits, numpy)
    return choose(asked, python, Facts("Linux", machine, bits, glibc, pythons=(python,)))


def test_a_new_system_gets_what_the_target_asks_for() -> None:
    wanted = Choice(("ai-edge-litert>=2.1", "numpy"), ("onnxruntime",))
    assert chosen("aarch64", (2, 36), (3, 11)) == wanted
    assert chosen("x86_64", (2, 31), (3, 10)) == wanted  # the symbols of x86_64 ask for 2.27


@pytest.mark.parametrize(("glibc", "older"), [((2, 33), True), ((2, 34), False), ((2, 30), True)])
def test_litert_is_held_back_where_glibc_is_old(glibc: tuple[int, int], older: bool) -> None:
    choice = chosen("aarch64", glibc, (3, 9))
    assert isinstance(choice, Choice)
    assert ("ai-edge-litert<2.1.1" in choice.needed) is older
    assert ("2.34" in choice.note) is older
    assert choice.alone == ()


@pytest.mark.parametrize(
    ("glibc", "version"), [((2, 29), (3, 9)), ((2, 27), (3, 11)), ((2, 36), (3, 8))]
)
def test_tflite_runtime_stands_in_on_old_systems(
    glibc: tuple[int, int], version: tuple[int, int]
) -> None:
    choice = chosen("aarch64", glibc, version)
    assert isinstance(choice, Choice)
    assert choice.alone == ("tflite-runtime<=2.14.0",)
    assert choice.needed == ("numpy", "numpy<2")
    assert choice.wanted == ("onnxruntime",)
    assert "tflite-runtime instead" in choice.note


def test_32_bit_takes_the_devices_own_numpy() -> None:
    asked = targets.named("raspberry-pi-32bit").packages
    choice = chosen("aarch64", (2, 36), (3, 11), 32, "1.24.2", asked)
    assert choice == Choice((), (), ("tflite-runtime==2.14.0",))
    without = chosen("armv7l", (2, 36), (3, 11), 32, "", asked)
    assert without == Choice(("numpy<2", "numpy<2"), (), ("tflite-runtime==2.14.0",))


@pytest.mark.parametrize(
    ("machine", "glibc", "version", "bits", "reason"),
    [
        ("aarch64", None, (3, 11), 64, "no glibc"),
        ("armv6l", (2, 36), (3, 11), 32, "no runtime is published for armv6l"),
        ("riscv64", (2, 36), (3, 11), 64, "no runtime is published for riscv64"),
        ("x86_64", (2, 36), (3, 11), 32, "no runtime is published for i686"),
        ("armv7l", (2, 41), (3, 13), 32, "tflite-runtime ends at Python 3.11"),
        ("aarch64", (2, 28), (3, 12), 64, "needs glibc 2.30, it has 2.28, and tflite-runtime ends"),
        ("aarch64", (2, 24), (3, 9), 64, "tflite-runtime needs glibc 2.27, it has 2.24"),
    ],
)
def test_what_cannot_be_served_says_why(
    machine: str, glibc: tuple[int, int] | None, version: tuple[int, int], bits: int, reason: str
) -> None:
    text = chosen(machine, glibc, version, bits)
    assert isinstance(text, str)
    assert reason in text


def test_libraries_know_the_same_bounds() -> None:
    assert list(bounds("ai-edge-litert", "aarch64", (2, 31))) == ["ai-edge-litert<2.1.1"]
    assert list(bounds("ai-edge-litert", "x86_64", (2, 31))) == []
    assert list(bounds("onnxruntime", "aarch64", (2, 31))) == []
    assert lacking("aarch64", (3, 12), (2, 34)) == ""
    assert "32-bit" in lacking("armv7l", (3, 11), (2, 36))
