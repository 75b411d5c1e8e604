"""Faults of machines reached by ssh: a real sshd, and a link to it that is cut and stalled."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from tests import tiny_models
from tests.device_troubles import SSH, DeviceTrouble
from tests.link import Link
from tests.small_disk import small_disk
from tests.ssh_server import SshServer

from edgehone.cli.app import main
from edgehone.devices.ssh import Ssh
from edgehone.errors import DeviceError

pytestmark = [pytest.mark.peer, pytest.mark.slow]
LIMIT_S = 60.0
NAME = PurePosixPath("folder/f")
COMMON = ("/tmp", "/var/tmp", "/usr")  # noqa: S108 # nothing is made there


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    with SshServer(tmp_path / "board") as server:
        for name, value in server.keys.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def link(server: SshServer) -> Iterator[Link]:
    with Link(server.port) as link:
        yield link


@pytest.fixture
def board(server: SshServer, link: Link) -> Iterator[Ssh]:
    """The machine at the other end of the link, with a connection that is used already."""
    device = to(server.at(link.port))
    device.run(["true"], timeout_s=LIMIT_S)
    yield device
    device.close()


def to(address: str) -> Ssh:
    return Ssh(address.removeprefix("ssh://"))


def big(folder: Path, size: int = 8_000_000) -> Path:
    file = folder / "big"
    file.write_bytes(os.urandom(size))
    return file


def put_old(device: Ssh, folder: Path) -> None:
    (folder / "old").write_text("old")
    device.put(folder / "old", NAME, timeout_s=LIMIT_S)


def files(server: SshServer) -> list[str]:
    return sorted(path.name for path in (server.home / "edgehone").rglob("*"))


@pytest.mark.parametrize("trouble", SSH, ids=lambda trouble: trouble.name)
def test_trouble_ends_in_its_documented_error(
    trouble: DeviceTrouble[SshServer],
    server: SshServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    model = tiny_models.dense(tmp_path)
    address = trouble.make(server)
    assert main(["bench", model.name, "--on", f"arm-cpu@{address}"]) == 4
    *_, error, hint = capfd.readouterr().err.splitlines()
    assert error.startswith(f"error: {trouble.message}")
    assert hint.startswith("hint: ")
    assert trouble.hint in hint


def test_a_link_cut_in_an_upload_leaves_the_old_file_and_nothing_else(
    board: Ssh, link: Link, server: SshServer, tmp_path: Path
) -> None:
    put_old(board, tmp_path)
    link.cut_after(1_000_000)
    with pytest.raises(DeviceError, match=r"connection to 127\.0\.0\.1 was lost"):
        board.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    board.get(NAME, tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_text() == "old"
    board.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    assert files(server) == ["f", "folder"]


def test_a_link_cut_in_a_download_leaves_no_file(board: Ssh, link: Link, tmp_path: Path) -> None:
    board.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
    link.cut_after(1_000_000, down=True)
    with pytest.raises(DeviceError, match="was lost"):
        board.get(NAME, tmp_path / "new" / "back", timeout_s=LIMIT_S)
    assert list((tmp_path / "new").iterdir()) == []
    board.get(NAME, tmp_path / "new" / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "new" / "back").read_bytes() == (tmp_path / "big").read_bytes()


def test_a_link_cut_while_a_program_runs_is_an_error_and_the_program_sees_its_input_end(
    board: Ssh, link: Link
) -> None:
    cut = threading.Thread(target=link.cut)
    on_line: list[str] = []

    def hear(line: str) -> None:
        on_line.append(line)
        cut.start()

    program = "echo Permission denied >&2; echo begun; cat; touch ended"
    with pytest.raises(DeviceError, match="was lost") as raised:
        board.run(["sh", "-c", program], timeout_s=LIMIT_S, on_line=hear)
    assert raised.value.hint
    assert on_line == ["begun\n"]
    waiting = "while ! [ -f ended ]; do sleep 0.1; done; echo ended"
    assert board.run(["sh", "-c", waiting], timeout_s=LIMIT_S).stdout == "ended\n"


def test_a_server_killed_while_a_program_runs_is_an_error_and_is_there_again_later(
    board: Ssh, server: SshServer
) -> None:
    kill = threading.Thread(target=server.kill)
    with pytest.raises(DeviceError, match="was lost"):
        board.run(["sh", "-c", "echo; cat"], timeout_s=LIMIT_S, on_line=lambda _: kill.start())
    kill.join()
    with pytest.raises(DeviceError):
        board.run(["true"], timeout_s=LIMIT_S)
    server.start()
    assert board.run(["true"], timeout_s=LIMIT_S).exit_code == 0


def test_a_link_that_stalls_and_heals_loses_nothing(board: Ssh, link: Link) -> None:
    def hear(line: str) -> None:
        if line == "begun\n":
            link.stall()
            threading.Timer(8, link.heal).start()

    program = "echo begun; sleep 1; echo between; sleep 1; echo ended"
    done = board.run(["sh", "-c", program], timeout_s=LIMIT_S, on_line=hear)
    assert (done.exit_code, done.stdout) == (0, "begun\nbetween\nended\n")


def test_a_link_that_stalls_for_good_is_given_up_before_the_time_limit(
    board: Ssh, link: Link
) -> None:
    with pytest.raises(DeviceError, match="was lost"):
        board.run(["sh", "-c", "echo; cat"], timeout_s=600, on_line=lambda _: link.stall())


def test_an_upload_that_stalls_ends_at_its_time_limit(
    board: Ssh, link: Link, tmp_path: Path
) -> None:
    put_old(board, tmp_path)
    link.stall()
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1 did not answer within 2 s") as raised:
        board.put(big(tmp_path), NAME, timeout_s=2)
    assert raised.value.hint
    link.heal()
    board.get(NAME, tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_text() == "old"


def test_a_machine_that_freezes_while_a_program_runs_ends_in_the_time_limit(
    board: Ssh, server: SshServer
) -> None:
    freeze = threading.Thread(target=server.freeze)
    done = board.run(["sh", "-c", "echo; cat"], timeout_s=4, on_line=lambda _: freeze.start())
    assert (done.timed_out, done.stdout) == (True, "\n")
    server.thaw()
    assert board.run(["echo", "back"], timeout_s=LIMIT_S).stdout == "back\n"


def test_a_full_disk_is_told_and_the_old_file_stays(server: SshServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kibibytes=1024) as disk:
        device = to(server.address.replace(str(server.home), str(disk)))
        put_old(device, tmp_path)
        with pytest.raises(DeviceError, match=r"The disk of 127\.0\.0\.1 is full: ") as raised:
            device.put(big(tmp_path), NAME, timeout_s=LIMIT_S)
        assert "Free some space there" in raised.value.hint
        assert sorted(path.name for path in disk.rglob("*")) == ["edgehone", "f", "folder"]
        assert (disk / "edgehone" / NAME).read_text() == "old"
        device.close()


def test_what_a_login_prints_is_not_taken_for_an_answer(server: SshServer, tmp_path: Path) -> None:
    server.greet("Welcome!\\nYou have mail. ")
    device = to(server.address)
    on_line: list[str] = []
    done = device.run(["echo", "told"], timeout_s=LIMIT_S, on_line=on_line.append)
    assert (done.stdout, on_line) == ("told\n", ["told\n"])
    for size in (0, 100_000):
        device.put(big(tmp_path, size), NAME, timeout_s=LIMIT_S)
        device.get(NAME, tmp_path / "back", timeout_s=LIMIT_S)
        assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
    device.close()


def test_the_folder_is_in_the_home_unless_the_address_has_one(
    server: SshServer, tmp_path: Path
) -> None:
    device = Ssh(f"127.0.0.1:{server.port}")
    put_old(device, tmp_path)
    assert (server.home / ".edgehone" / NAME).read_text() == "old"
    device.remove(timeout_s=LIMIT_S)
    assert list(server.home.iterdir()) == []
    device.close()


def test_a_folder_that_holds_more_than_edgehone_is_never_taken_away(
    server: SshServer, tmp_path: Path
) -> None:
    (server.home / "letters").write_text("dear")
    (tmp_path / "way").symlink_to(server.home)
    for folder in (server.home, server.home.parent, tmp_path / "way", *COMMON):
        device = Ssh(f"127.0.0.1:{server.port}{folder}")
        with pytest.raises(DeviceError, match="holds more than edgehone"):
            device.remove(timeout_s=LIMIT_S)
        device.close()
    assert (server.home / "letters").read_text() == "dear"


def test_all_calls_share_one_login_until_the_transport_is_closed(
    server: SshServer, tmp_path: Path
) -> None:
    device, other = to(server.address), to(server.address)
    for _ in range(3):
        put_old(device, tmp_path)
        device.run(["true"], timeout_s=LIMIT_S)
    assert server.logins == 1
    other.run(["true"], timeout_s=LIMIT_S)
    other.close()
    device.run(["true"], timeout_s=LIMIT_S)
    assert server.logins == 2
    device.close()
    device.run(["true"], timeout_s=LIMIT_S)
    assert server.logins == 3
    device.close()


def test_a_connection_ends_with_the_transport_that_nobody_closed(server: SshServer) -> None:
    device: Ssh | None = to(server.address)
    assert device
    device.run(["true"], timeout_s=LIMIT_S)
    assert server.sessions > 0
    device = None
    end = time.monotonic() + LIMIT_S
    while server.sessions:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_users_aliases_and_jump_hosts_are_honoured(server: SshServer) -> None:
    with server.config.open("a") as config:
        config.write(
            f"Host near far\n  HostName 127.0.0.1\n  Port {server.port}\n"
            "Host far\n  ProxyJump near\n"
        )
    device = Ssh(f"far{server.home / 'edgehone'}")
    assert device.run(["echo", "there"], timeout_s=LIMIT_S).stdout == "there\n"
    assert server.logins == 2
    device.close()


def test_a_long_temporary_folder_is_no_trouble_for_the_connections_socket(
    server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long " * 20)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    device = to(server.address)
    assert device.run(["echo", "there"], timeout_s=LIMIT_S).stdout == "there\n"
    device.close()


def test_without_ssh_the_error_says_how_to_get_it(
    server: SshServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="ssh cannot be started here") as raised:
        to(server.address).run(["true"], timeout_s=LIMIT_S)
    assert "apt-get install openssh-client" in raised.value.hint
