"""Android-like phones over the real adb: the runner in C, as the user `shell`, on Arm."""

from pathlib import Path

import pytest
from tests import bench_files
from tests.phones import NAMES, Phones

pytestmark = [pytest.mark.slow, pytest.mark.peer]


def test_two_phones_are_benched_at_once(phones: Phones, tmp_path: Path) -> None:
    files = bench_files.litert(tmp_path)
    phones.host.target("here")
    phones.host.device("here", "here", "local")
    on = [word for name in (*NAMES, "here") for word in ("--on", name)]
    said = phones.host.edgehone("bench", files.model, "--data", files.data, *on)
    assert said.exit_code == 0, said.stderr
    found = {each["device"]["name"]: each for each in said.document["measurements"]}
    for name in NAMES:
        assert found[name]["accuracy"]["value"] == found["here"]["accuracy"]["value"]
        assert found[name]["latency_ms"]["p50"] > 0
        assert found[name]["conditions"]["machine"] == "aarch64"


def test_what_was_set_for_measuring_is_put_back(phones: Phones, tmp_path: Path) -> None:
    text = phones.state("first", "cmd")
    text.write_text("")
    said = phones.host.edgehone("bench", bench_files.litert(tmp_path).model, "--on", "first")
    assert said.exit_code == 0, said.stderr
    mode = "power set-fixed-performance-mode-enabled"
    said_to_it = text.read_text().splitlines()
    assert said_to_it  # more than once when it was disturbed, and measured again
    assert said_to_it == [f"{mode} true", f"{mode} false"] * (len(said_to_it) // 2)


def test_a_hot_phone_says_so(phones: Phones, tmp_path: Path) -> None:
    service = phones.state("first", "thermalservice")
    cool = service.read_text()
    service.write_text(cool.replace("Thermal Status: 0", "Thermal Status: 3"))
    said = phones.host.edgehone("bench", bench_files.litert(tmp_path).model, "--on", "first")
    service.write_text(cool)
    assert said.exit_code == 0, said.stderr
    assert list(said.verdicts().values()) == ["throttled"]


def test_nothing_is_left_when_it_is_taken_away(phones: Phones) -> None:
    place = phones.own_folder("second")
    assert (place / "edgehone").is_dir()
    said = phones.host.edgehone("devices", "setup", "second", "--remove")
    assert said.exit_code == 0, said.stderr
    assert [path.name for path in place.iterdir()] == ["edgehone.lock"]  # all hosts share it
    assert phones.set_up("second").exit_code == 0
