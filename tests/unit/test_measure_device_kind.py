"""A device is what its target says, is refused, or is doubted: asked where it is measured."""

import json
import platform
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import tiny_models
from tests.unit.test_runners_probe import PHONE, PI_4, PI_32_BIT, Says

from edgehone import targets
from edgehone.actions.devices.readiness import device_readiness
from edgehone.cli.app import main
from edgehone.devices.local import Local
from edgehone.errors import DeviceError
from edgehone.measure import device_kind
from edgehone.measure.device import Device, reach, resolve
from edgehone.measure.device_kind import architectures, doubt_of, host_facts
from edgehone.runners._probe import Facts, ask_kind


class Board(Says):
    """A device elsewhere that says one thing."""

    def is_host(self) -> bool:
        return False


OTHER = "aarch64" if host_facts().machine == "x86_64" else "x86_64"


def pi_5() -> str:
    return PI_4.replace("Raspberry Pi 4 Model B Rev 1.5", "Raspberry Pi 5 Model B Rev 1.0")


@pytest.mark.parametrize(
    ("said", "target"),
    [
        (PI_4, "raspberry-pi-4"),
        (PI_4, "arm-cpu"),
        (PI_4, "local"),
        (PI_4.replace("4 Model B", "400"), "raspberry-pi-4"),
        (PI_4.replace("4 Model B", "Compute Module 4"), "raspberry-pi-4"),
        (pi_5(), "raspberry-pi-5"),
        (PI_4.replace("4 Model B", "3 Model B Plus"), "raspberry-pi-3"),
        (PI_4.replace("4 Model B", "Zero 2 W"), "raspberry-pi-zero-2w"),
        (PI_4.replace("bits 64", "bits 32"), "raspberry-pi-32bit"),
        (PHONE, "android-arm64"),
        (PI_32_BIT.replace("#edgehone end", "#edgehone model x\n#edgehone end"), "arm-cpu"),
    ],
)
def test_a_device_of_its_targets_kind_is_known_to_be(said: str, target: str) -> None:
    assert doubt_of(Board(said), targets.named(target), "board") == ""


@pytest.mark.parametrize(
    ("said", "target", "text"),
    [
        (PI_4, "raspberry-pi-5", "'Raspberry Pi 4 Model B Rev 1.5'"),
        (pi_5(), "raspberry-pi-4", "'Raspberry Pi 5 Model B Rev 1.0'"),
        (PI_4.replace("aarch64", "x86_64"), "raspberry-pi-4", "its processor is x86_64"),
        (PI_4.replace("aarch64", "armv7l").replace("bits 64", "bits 32"), "arm-cpu", "armv7l"),
        (PI_4.replace("aarch64", "armv6l").replace("bits 64", "bits 32"), "arm-cpu", "armv6l"),
        (PHONE.replace("aarch64", "x86_64").replace("arm64-v8a", "x86_64"), "arm-cpu", "x86_64"),
    ],
)
def test_a_device_of_another_kind_is_refused(said: str, target: str, text: str) -> None:
    with pytest.raises(DeviceError, match=f"Device 'board' is not of kind {target}: ") as caught:
        doubt_of(Board(said), targets.named(target), "board")
    assert text in caught.value.message
    assert "target of its own kind" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("", "it did not say what it is"),
        ("Welcome!\n", "it did not say what it is"),
        (PI_4.replace("#edgehone end\n", ""), "it did not say what it is"),
        ("#edgehone end\n", "it does not say its architecture"),
        (PI_4.replace("Raspberry Pi 4 Model B Rev 1.5", ""), "it does not say its model"),
    ],
)
def test_a_device_that_does_not_say_is_doubted(said: str, text: str) -> None:
    assert text in doubt_of(Board(said), targets.named("raspberry-pi-4"), "board")


def test_what_is_made_up_is_marked_and_not_asked() -> None:
    assert resolve("raspberry-pi-5@scripted://").doubt == ""
    assert resolve("arm-emulated").doubt == ""
    assert resolve("raspberry-pi-5@qemu://cortex-a76").doubt == ""
    odd = replace(targets.named("local"), architecture="x86_64")
    with pytest.raises(DeviceError, match="its processor is aarch64"):
        Device("odd", odd, reach("qemu://cortex-a72")).doubt  # noqa: B018 - it is what is tried


def test_this_machine_says_the_same_of_itself_in_both_ways() -> None:
    asked = ask_kind(Local(""))
    assert isinstance(asked, Facts)
    assert asked.machine == platform.machine()
    assert set(architectures(host_facts())) <= set(architectures(asked))


def test_names_of_other_systems_are_the_same_architectures() -> None:
    assert architectures(Facts("Darwin", "arm64"))[0] == "aarch64"
    assert architectures(Facts("Windows", "AMD64"))[0] == "x86_64"
    assert "armv7l" in architectures(Facts("Linux", "aarch64", 64))
    assert "aarch64" not in architectures(Facts("Linux", "armv7l", 32))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, data, budgets, and a board of this machine's architecture; what it
    says that it is stands in the file `model`.
    """
    profiles = tmp_path / "config" / "edgehone" / "targets"
    profiles.mkdir(parents=True)
    board = f'architecture = "{host_facts().machine}"\nmodels = ["Board 7*"]\naddress = "local"\n'
    quick = {"patience_s": 0.0, "cooldown_s": 0.0, "warmup_s": 0.0, "minimum_s": 0.01, "blocks": 2}
    board += "".join(f"{key} = {value}\n" for key, value in quick.items())
    (profiles / "board.toml").write_text(board)
    (profiles / "other.toml").write_text(f'architecture = "{OTHER}"\naddress = "local"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(device_kind, "MODEL_FILES", (str(tmp_path / "model"),))
    monkeypatch.chdir(tmp_path)
    tiny_models.dense(tmp_path, name="net")
    x = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    np.savez("data.npz", x=x, y=np.arange(60) % 3)
    Path("size.toml").write_text('[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n')
    Path("memory.toml").write_text('[[budget]]\nmetric = "peak_memory_bytes"\nmax = "4 GiB"\n')
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("bench", "net.tflite"),
        ("compare", "net.tflite", "net.tflite"),
        ("gate", "memory.toml", "net.tflite"),
        ("gate", "size.toml", "net.tflite"),
        ("gate", "memory.toml", "net.tflite", "--calibrate", "1"),
    ],
)
@pytest.mark.parametrize("device", ["other", f"arm-cpu@local{'' if OTHER == 'aarch64' else '?'}"])
def test_every_command_refuses_a_device_of_another_kind(
    words: tuple[str, ...], device: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = "other" if device.endswith("?") else device
    assert main([*words, "--on", device]) == 4
    text = capsys.readouterr()
    assert f"is not of kind {device.partition('@')[0]}: its processor is" in text.err


@pytest.mark.slow
def test_a_device_that_cannot_say_its_model_is_told_of_and_decides_nothing(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "net.tflite", "--on", "board", "--json"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["measurements"]
    assert "it does not say its model" in measured["reason"]
    assert measured["conditions"]["unconfirmed"]
    assert main(["gate", "memory.toml", "net.tflite", "--on", "board", "--json"]) == 3
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert "nobody knows whether it is a board" in check["reason"]
    (files / "model").write_text("Board 6\0")
    assert main(["gate", "memory.toml", "net.tflite", "--on", "board"]) == 4
    assert "'Board 6'" in capsys.readouterr().err
    (files / "model").write_text("Board 7 Rev 2\0")
    assert main(["gate", "memory.toml", "net.tflite", "--on", "board"]) == 0


def test_devices_lists_what_is_another_kind_as_not_fit(files: Path) -> None:
    found = device_readiness(resolve("other"))
    assert (found["reachable"], found["fit"]) == (True, False)
    assert "is not of kind other" in " ".join(found["remarks"])
    doubted = device_readiness(resolve("board"))
    assert doubted["fit"] is False
    assert "It does not say its model" in " ".join(doubted["remarks"])
