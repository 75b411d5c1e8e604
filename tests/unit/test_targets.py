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
    assert {"local", "arm-cpu"} <= set(found)
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
    with pytest.raises(ConfigError, match="no target") as caught:
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
        ("threads = ", "no TOML", "Correct"),
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


def test_runner_source_is_where_the_profiles_are() -> None:
    assert targets.runner_source("runner.py").is_file()
