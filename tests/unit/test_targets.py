"""Target profiles: shipped ones load, users' own count, and mistakes are named."""

from pathlib import Path

import pytest

from edgehone import targets
from edgehone.errors import ConfigError


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "edgehone" / "targets"
    folder.mkdir(parents=True)
    return folder


def test_profiles_hold_the_shipped_targets(user_folder: Path) -> None:
    found = targets.profiles()
    boards = {f"raspberry-pi-{kind}" for kind in ("5", "4", "3", "zero-2w", "32bit")}
    assert {"local", "arm-cpu", "android-arm64", "android-armv7", *boards} <= set(found)
    assert all(name == target.name and target.description for name, target in found.items())
    assert list(found) == sorted(found)


def test_profiles_take_a_users_own(user_folder: Path) -> None:
    (user_folder / "my-board.toml").write_text('description = "mine"\nthreads = 3\n')
    assert targets.profiles()["my-board"].threads == 3
    assert targets.named("my-board").description == "mine"


def test_named_prefers_the_users_profile(user_folder: Path) -> None:
    (user_folder / "local.toml").write_text("blocks = 2\n")
    assert targets.named("local").blocks == 2
    assert targets.profiles()["local"].blocks == 2


@pytest.mark.parametrize("name", ["lokal", "../local", ""])
def test_named_suggests_the_nearest_for_an_unknown_one(name: str, user_folder: Path) -> None:
    with pytest.raises(ConfigError, match="Unknown target") as caught:
        targets.named(name)
    assert "local" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("thread = 1", "unknown key 'thread'", "'threads'"),
        ("threads = 0", "threads = 0", "Correct"),
        ('threads = "2"', "threads = '2'", "Correct"),
        ("minimum_s = nan", "minimum_s", "Correct"),
        ('precisions = ["int7"]', "int7", "int8"),
        ("precisions = []", "precisions", "int8"),
        ("threads = ", "not valid TOML", "Correct"),
        ('[sensors]\nclock_kHz = "/x"', "unknown key 'sensors.clock_kHz'", "'clock_khz'"),
        ("[steady.file]\n'/x' = '1'", "unknown key 'steady.file'", "'files'"),
        ("[[steady.commands]]\non = ['a']\nof = ['b']", "'steady.commands.of'", "'off'"),
        ("[[steady.commands]]\non = ['a']", "steady.commands.0.off", "Correct"),
        ("[steady.files]\nscaling_governor = 'performance'", "steady.files", "slash"),
        ("[sensors.commands]\nthrottled = 'vcgencmd'", "sensors.commands.throttled", "Correct"),
        ('program = "pyton"', "unknown runner 'pyton'", "'python'"),
        ('program = "_base"', "unknown runner '_base'", "Known"),
        ('packages = ["numpy<"]', "'numpy<' names no package", "pip"),
        ('architecture = "arm64"', "'arm64'", "aarch64"),
        ("cores = 4\nbig_cores = [3, 4]", "[3, 4] are not all among 4 cores", "from 0"),
        ("big_cores = [-1]", "big_cores.0 = -1", "Correct"),
        ('name = "x"', "unknown key 'name'", "Known"),
    ],
)
def test_load_names_what_is_wrong(content: str, message: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"board\.toml") as caught:
        targets.load(file)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_load_takes_cores_that_nobody_counted(tmp_path: Path) -> None:
    (tmp_path / "phone.toml").write_text("big_cores = [6, 7]\n")
    assert targets.load(tmp_path / "phone.toml").big_cores == (6, 7)


def test_sensors_and_settings_are_read_from_a_profile(user_folder: Path) -> None:
    pi, phone = targets.named("raspberry-pi-5"), targets.named("android-arm64")
    assert pi.sensors.commands == {"throttled": ("vcgencmd", "get_throttled")}
    assert set(pi.steady.files.values()) == {"performance"}
    assert phone.steady.commands[0].on[:-1] == phone.steady.commands[0].off[:-1]
    assert set(phone.sensors.commands) == {"thermal", "battery"}


def test_runner_source_is_where_the_profiles_are() -> None:
    assert targets.runner_source("runner.py").is_file()
