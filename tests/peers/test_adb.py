"""Faults of devices reached by adb: the real adb, its server, and a device that misbehaves."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from tests import tiny_models
from tests.adb_device import AdbDevice, AdbServer
from tests.adb_wire import PublicKey
from tests.device_troubles import ADB, DeviceTrouble
from tests.link import Link
from tests.small_disk import small_disk

from edgehone.cli.app import main
from edgehone.devices.adb import Adb, discovered
from edgehone.errors import DeviceError

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LIMIT_S = 60.0
NAME = PurePosixPath("folder/f")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    with AdbServer(tmp_path / "adb") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def phone(server: AdbServer, tmp_path: Path) -> Iterator[AdbDevice]:
    with AdbDevice(tmp_path / "phone", keys=[server.key]) as phone:
        yield phone


@pytest.fixture
def link(phone: AdbDevice) -> Iterator[Link]:
    with Link(phone.port) as link:
        yield link


@pytest.fixture
def far(phone: AdbDevice, link: Link) -> Adb:
    """The device at the other end of the link, with a connection that is used already."""
    device = to(phone.address.replace(str(phone.port), str(link.port)))
    device.run(["true"], timeout_s=LIMIT_S)
    return device


def to(address: str) -> Adb:
    return Adb(address.removeprefix("adb://"))


def big(folder: Path, size: int = 8_000_000) -> Path:
    file = folder / "big"
    file.write_bytes(os.urandom(size))
    return file


def put_old(device: Adb, folder: Path) -> None:
    (folder / "old").write_text("old")
    device.put(folder / "old", NAME, timeout_s=LIMIT_S)


@pytest.mark.parametrize("trouble", ADB, ids=lambda trouble: trouble.name)
def test_trouble_ends_in_its_documented_error(
    trouble: DeviceTrouble[AdbDevice],
    phone: AdbDevice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    model = tiny_models.dense(tmp_path)
    address = trouble.make(phone)
    assert main(["bench", model.name, "--on", f"arm-cpu@{address}"]) == 4
    *_, error, hint = capfd.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert trouble.message in error
    assert hint.startswith("hint: ")
    assert trouble.hint in hint


def test_a_link_cut_in_an_upload_leaves_the_old_file_and_nothing_else(
    far: Adb, link: Link, tmp_path: Path
) -> None:
    put_old(far, tmp_path)
    link.cut_after(1_000_000)
    with pytest.raises(DeviceError, match=r"connection to 127\.0\.0\.1:\d+ was lost"):
        far.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    far.get(NAME, tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_text() == "old"
    far.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    found = (tmp_path / "phone" / "edgehone").rglob("*")
    assert sorted(path.name for path in found) == ["f", "folder"]


def test_a_link_cut_in_a_download_leaves_no_file(far: Adb, link: Link, tmp_path: Path) -> None:
    far.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    link.cut_after(1_000_000, down=True)
    with pytest.raises(DeviceError, match="was lost"):
        far.get(NAME, tmp_path / "new" / "back", timeout_s=LIMIT_S)
    assert list((tmp_path / "new").iterdir()) == []
    far.get(NAME, tmp_path / "new" / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "new" / "back").read_bytes() == (tmp_path / "big").read_bytes()


def test_an_answer_cut_short_is_an_error_though_adb_ends_with_0(far: Adb, link: Link) -> None:
    cut = threading.Thread(target=link.cut)
    on_line: list[str] = []

    def hear(line: str) -> None:
        on_line.append(line)
        cut.start()

    program = "echo Permission denied >&2; echo begun; cat; touch ended"
    with pytest.raises(DeviceError, match="was lost") as raised:
        far.run(["sh", "-c", program], timeout_s=LIMIT_S, on_line=hear)
    assert raised.value.hint
    assert on_line == ["begun\n"]
    waiting = "while ! [ -f ended ]; do sleep 0.1; done; echo ended"
    assert far.run(["sh", "-c", waiting], timeout_s=LIMIT_S).stdout == "ended\n"


def test_a_device_that_freezes_ends_in_the_time_limit(phone: AdbDevice, tmp_path: Path) -> None:
    device = to(phone.address)
    freeze = threading.Thread(target=phone.freeze)
    done = device.run(["sh", "-c", "echo; cat"], timeout_s=3, on_line=lambda _: freeze.start())
    assert (done.timed_out, done.stdout) == (True, "\n")
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1:\d+ did not answer within 2 s"):
        device.put(big(tmp_path), NAME, timeout_s=2)
    phone.thaw()
    assert device.run(["echo", "back"], timeout_s=LIMIT_S).stdout == "back\n"


def test_a_device_that_stays_offline_ends_in_the_time_limit(phone: AdbDevice) -> None:
    phone.silent = True
    device = to(phone.address)
    with pytest.raises(DeviceError, match="did not answer within 2 s") as raised:
        device.run(["true"], timeout_s=2)
    assert "restart it" in raised.value.hint
    assert [found.state for found in discovered()] == ["offline"]
    phone.silent = False
    assert device.run(["echo", "back"], timeout_s=LIMIT_S).stdout == "back\n"


def test_a_device_unplugged_and_back_on_the_same_serial_is_connected_to_anew(
    phone: AdbDevice,
) -> None:
    device = to(phone.address)
    for how in (phone.unplug, phone.power_off):
        assert device.run(["echo", "there"], timeout_s=LIMIT_S).stdout == "there\n"
        how()
        with pytest.raises(DeviceError):
            device.run(["true"], timeout_s=LIMIT_S)
        phone.plug()
    phone.freeze()
    phone.unplug()  # adb goes on taking it for connected
    phone.plug()
    phone.thaw()
    assert device.run(["echo", "back"], timeout_s=LIMIT_S).stdout == "back\n"


def test_a_full_disk_is_told_and_the_old_file_stays(phone: AdbDevice, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kibibytes=1024) as disk:
        device = Adb(f"{phone.serial}{disk}/edgehone")
        put_old(device, tmp_path)
        with pytest.raises(DeviceError, match=r"The disk of 127\.0\.0\.1:\d+ is full") as raised:
            device.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
        assert "Free some space there" in raised.value.hint
        assert sorted(path.name for path in disk.rglob("*")) == ["edgehone", "f", "folder"]
        assert (disk / "edgehone" / NAME).read_text() == "old"


def test_a_key_is_refused_until_it_is_allowed(server: AdbServer, phone: AdbDevice) -> None:
    device = to(phone.address)
    phone.keys = []
    with pytest.raises(DeviceError, match="does not trust this computer"):
        device.run(["true"], timeout_s=LIMIT_S)
    assert [found.state for found in discovered()] == ["unauthorized"]
    phone.keys = [PublicKey.read(server.key)]
    assert device.run(["echo", "let in"], timeout_s=LIMIT_S).stdout == "let in\n"


def test_two_devices_at_once_answer_each_for_itself(
    server: AdbServer, phone: AdbDevice, tmp_path: Path
) -> None:
    with AdbDevice(tmp_path / "tablet", model="Test Tablet") as tablet:
        devices = [to(each.address) for each in (phone, tablet)]
        met = threading.Barrier(2, timeout=LIMIT_S)

        def meet(line: str) -> None:
            if line == "\n":
                met.wait()

        def ask(number: int) -> str:
            file = tmp_path / str(number)
            file.write_text(f"I am {number}")
            for _ in range(3):
                devices[number].put(file, NAME, timeout_s=LIMIT_S)
            program = ["sh", "-c", "echo; sleep 1; cat folder/f"]
            return devices[number].run(program, timeout_s=LIMIT_S, on_line=meet).stdout.strip()

        with ThreadPoolExecutor(2) as both:
            assert list(both.map(ask, (0, 1))) == ["I am 0", "I am 1"]
        found = {each.serial: (each.state, each.model) for each in discovered()}
        assert found == {
            phone.serial: ("device", "Test Phone"),
            tablet.serial: ("device", "Test Tablet"),
        }


def test_a_server_that_is_not_running_is_started_and_holds_nobody_up(
    server: AdbServer, phone: AdbDevice
) -> None:
    device = to(phone.address)
    for _ in range(2):
        server.stop()
        assert device.run(["echo", "there"], timeout_s=LIMIT_S).stdout == "there\n"
    server.stop()
    assert discovered() == ()


def test_a_folder_that_holds_more_than_edgehone_is_never_taken_away(
    phone: AdbDevice, tmp_path: Path
) -> None:
    (tmp_path / "adb" / "letters").write_text("dear")
    for folder in (tmp_path / "adb", tmp_path, "/usr"):
        with pytest.raises(DeviceError, match="holds more than edgehone"):
            Adb(f"{phone.serial}{folder}").remove(timeout_s=LIMIT_S)
    assert (tmp_path / "adb" / "letters").read_text() == "dear"


def test_without_adb_no_device_is_found_and_the_error_says_how_to_get_it(
    phone: AdbDevice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert discovered() == ()
    with pytest.raises(DeviceError, match="adb cannot be started here") as raised:
        to(phone.address).run(["true"], timeout_s=LIMIT_S)
    assert "apt-get install adb" in raised.value.hint
