"""The user's own file: devices come and go, and nothing else in it changes."""

import tomllib
from pathlib import Path

import pytest

from edgehone.config import DevicePlace, add_device, forget_device, user_devices, user_file
from edgehone.errors import ConfigError, UsageError

PI = DevicePlace(target="raspberry-pi-4", address="ssh://pi@board")
OTHERS = """\
# my devices
[devices.phone]   # the old one
target = "android-arm64"
# its address changes
address = "adb://R58M"

# next door
[devices.jetson]
target = "arm-cpu"
address = "ssh://jetson"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return user_file()


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_first_device_makes_the_file(file: Path) -> None:
    assert add_device("bench-pi", PI) == file
    assert file.read_text() == (
        '[devices.bench-pi]\ntarget = "raspberry-pi-4"\naddress = "ssh://pi@board"\n'
    )
    assert user_devices() == {"bench-pi": PI}


def test_adding_keeps_all_that_is_there(file: Path) -> None:
    write(file, OTHERS)
    add_device("pi", PI)
    assert file.read_text().startswith(OTHERS)
    assert set(user_devices()) == {"phone", "jetson", "pi"}


def test_forgetting_takes_a_table_and_no_comment_of_the_next(file: Path) -> None:
    write(file, OTHERS)
    forget_device("phone")
    assert file.read_text() == "# my devices\n\n# next door\n[devices.jetson]\n" + (
        'target = "arm-cpu"\naddress = "ssh://jetson"\n'
    )
    forget_device("jetson")
    assert user_devices() == {}


def test_a_taken_name_is_replaced_only_when_asked(file: Path) -> None:
    write(file, OTHERS)
    with pytest.raises(UsageError, match="already") as caught:
        add_device("phone", PI)
    assert "--replace" in caught.value.hint
    assert file.read_text() == OTHERS
    add_device("phone", PI, replace=True)
    assert user_devices()["phone"] == PI
    assert set(user_devices()) == {"phone", "jetson"}


@pytest.mark.parametrize("name", ["", "-pi", "a b", "a.b", "a@b", "pi\n", "ssh://x", "é"])
def test_names_are_bare_keys_that_look_like_no_option(name: str, file: Path) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        add_device(name, PI)
    assert not file.exists()


@pytest.mark.parametrize("address", ['a"b', "a\\b", "a'b", "ünï", "a\nb", "#x", "[devices.y]"])
def test_any_address_comes_back_as_it_was(address: str, file: Path) -> None:
    place = DevicePlace(target="local", address=f"ssh://{address}")
    add_device("odd", place)
    add_device("pi", PI)
    assert user_devices()["odd"] == place


def test_a_quoted_name_is_found(file: Path) -> None:
    write(file, '[ devices . "pi" ]\ntarget = "local"\naddress = "local"\n')
    forget_device("pi")
    assert user_devices() == {}


@pytest.mark.parametrize(
    "text",
    [
        'devices = { pi = { target = "local", address = "local" } }\n',
        'devices.pi.target = "local"\ndevices.pi.address = "local"\n',
        '[devices]\npi = { target = "local", address = "local" }\n',
    ],
)
def test_a_layout_that_is_not_understood_is_left_alone(text: str, file: Path) -> None:
    write(file, text)
    with pytest.raises(ConfigError, match="cannot be changed safely") as caught:
        forget_device("pi")
    assert "by hand" in caught.value.hint
    assert file.read_text() == text


def test_what_is_no_toml_is_told_and_kept(file: Path) -> None:
    write(file, "[devices\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        add_device("pi", PI)
    with pytest.raises(ConfigError, match="not valid TOML"):
        forget_device("pi")
    assert file.read_text() == "[devices\n"


def test_an_unknown_name_cannot_be_forgotten(file: Path) -> None:
    with pytest.raises(UsageError, match="Unknown device 'pi'") as caught:
        forget_device("pi")
    assert "no device" in caught.value.hint
    write(file, OTHERS)
    with pytest.raises(UsageError) as caught:
        forget_device("pi")
    assert "jetson, phone" in caught.value.hint
    assert tomllib.loads(file.read_text())
