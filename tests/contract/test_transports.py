"""What every transport promises; a new one joins through one entry in PEERS."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path, PurePosixPath

import pytest
from tests.adb_device import AdbDevice, AdbServer
from tests.ssh_server import SshServer

from edgehone.devices._base import Transport
from edgehone.errors import ConfigError, DeviceError, FileMissingError, StorageError
from edgehone.measure.device import reach
from edgehone.system import variants

LIMIT_S = 60.0
WORDS = (
    "plain",
    "two words",
    "",
    "it's",
    '"quoted"',
    "$(touch owned)",
    "`touch owned`",
    "; touch owned",
    "&& touch owned | > <",
    "$HOME ${PATH} ~ * ? [a-z] {a,b} !!",
    "back\\slash \\n",
    "new\nline\n",
    "tab\there",
    "-n",
    "--help",
    "NAME=value",
    "#no comment",
    "%s %d",
    "ümläut 名前 🙂",
)
"""Words that a shell on the way would change."""
NAMES = (
    "with space",
    "it's",
    'say "hi"',
    "$(touch owned)",
    "`touch owned`",
    "; touch owned",
    "*",
    "[a]?{b,c}",
    "back\\slash",
    "new\nline",
    "-rf",
    "--help",
    ".hidden",
    "名前 🙂",
    "deep/er/-x $(y)/file.bin",
    "n" * 200,
)
"""Names of files, the same."""


@contextmanager
def here(_: Path) -> Iterator[str]:
    yield ""


@contextmanager
def emulated(folder: Path) -> Iterator[str]:
    with environment({"XDG_CACHE_HOME": str(folder)}):
        yield "cortex-a72"


@contextmanager
def ssh_server(folder: Path) -> Iterator[str]:
    with SshServer(folder) as server, environment(server.keys.environment):
        yield server.address.removeprefix("ssh://")


@contextmanager
def adb_device(folder: Path) -> Iterator[str]:
    with (
        AdbServer(folder / "adb") as server,
        environment(server.environment),
        AdbDevice(folder / "phone") as phone,
    ):
        yield phone.address.removeprefix("adb://")


@contextmanager
def environment(wanted: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in wanted.items():
            patch.setenv(name, value)
        yield


Peer = Callable[[Path], AbstractContextManager[str]]
PEERS: dict[str, Peer] = {
    "local": here,
    "qemu": emulated,
    "scripted": here,
    "ssh": ssh_server,
    "adb": adb_device,
}
"""By transport: what stands at the other end while the tests run, and gives its address."""
KNOWN = variants.names("edgehone.devices", Transport)
OTHER = [pytest.mark.peer, pytest.mark.slow]
BARE = ("qemu", "scripted")
"""Transports to devices without programs of their own, such as a shell. Of programs that are
brought to an emulated one tests/unit/test_devices_qemu.py tells."""


def parameters(names: list[str]) -> list[object]:
    quick = (here, emulated)
    marks = {name: [] if PEERS.get(name, here) in quick else OTHER for name in names}
    return [pytest.param(name, marks=marks[name]) for name in names]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The address of a transport's peer, which is started when it is first asked for."""
    with ExitStack() as peers:
        addresses: dict[str, str] = {}

        def address(name: str) -> str:
            if name not in addresses:
                peer = PEERS[name](tmp_path_factory.mktemp(name))
                addresses[name] = peers.enter_context(peer)
            return addresses[name]

        yield address


@pytest.fixture(params=parameters(KNOWN))
def transport(request: pytest.FixtureRequest, at: Callable[[str], str]) -> Iterator[Transport]:
    yield from opened(request.param, at)


@pytest.fixture(params=parameters([name for name in KNOWN if name not in BARE]))
def running(request: pytest.FixtureRequest, at: Callable[[str], str]) -> Iterator[Transport]:
    """A transport to a device that runs programs."""
    yield from opened(request.param, at)


def opened(name: str, at: Callable[[str], str]) -> Iterator[Transport]:
    transport = variants.load("edgehone.devices", Transport, name)(at(name))
    yield transport
    transport.remove(timeout_s=LIMIT_S)
    transport.close()


def test_every_transport_has_a_peer_to_be_tried_with() -> None:
    assert set(PEERS) >= set(KNOWN)


@pytest.mark.parametrize("name", NAMES)
def test_transport_gives_back_what_was_put_under_any_name(
    transport: Transport, name: str, tmp_path: Path
) -> None:
    source = tmp_path / f"-{name[:50]}".replace("/", " ")
    source.write_bytes(bytes(range(256)) * 50)
    for _ in range(2):
        transport.put(source, PurePosixPath(name), timeout_s=LIMIT_S)
    back = tmp_path / "new" / source.name
    transport.get(PurePosixPath(name), back, timeout_s=LIMIT_S)
    assert back.read_bytes() == source.read_bytes()
    assert list(back.parent.iterdir()) == [back]


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_transport_gives_back_files_of_any_size(
    transport: Transport, size: int, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(os.urandom(size))
    transport.put(tmp_path / "f", PurePosixPath("f"), timeout_s=LIMIT_S)
    transport.get(PurePosixPath("f"), tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "f").read_bytes()


def test_transport_replaces_another_content_of_the_same_name(
    transport: Transport, tmp_path: Path
) -> None:
    name = PurePosixPath("f")
    for content in ("first", "other", "longer than both"):
        (tmp_path / "f").write_text(content)
        transport.put(tmp_path / "f", name, timeout_s=LIMIT_S)
        transport.get(name, tmp_path / "back", timeout_s=LIMIT_S)
        assert (tmp_path / "back").read_text() == content


def test_transport_leaves_no_file_when_there_is_none_to_get(
    transport: Transport, tmp_path: Path
) -> None:
    with pytest.raises(FileMissingError, match="nothing") as raised:
        transport.get(PurePosixPath("nothing"), tmp_path / "back", timeout_s=LIMIT_S)
    assert raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_transport_says_when_a_source_is_missing(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="absent"):
        transport.put(tmp_path / "absent", PurePosixPath("f"), timeout_s=LIMIT_S)


def test_transport_has_nothing_left_after_remove(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    transport.put(tmp_path / "f", PurePosixPath("d/f"), timeout_s=LIMIT_S)
    for _ in range(2):
        transport.remove(timeout_s=LIMIT_S)
    with pytest.raises(DeviceError, match="d/f"):
        transport.get(PurePosixPath("d/f"), tmp_path / "back", timeout_s=LIMIT_S)


def test_transport_can_be_used_again_after_close(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    transport.put(tmp_path / "f", PurePosixPath("f"), timeout_s=LIMIT_S)
    for _ in range(2):
        transport.close()
    transport.get(PurePosixPath("f"), tmp_path / "back", timeout_s=LIMIT_S)
    assert (tmp_path / "back").read_text() == "x"


def test_a_put_file_is_not_sent_again(running: Transport, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    lines = []
    for content in ("x", "x", "y"):
        (tmp_path / "f").write_text(content)
        running.put(tmp_path / "f", PurePosixPath("f"), timeout_s=LIMIT_S)
        lines.append(running.run(["ls", "-i", "f"], timeout_s=LIMIT_S).stdout)
    assert lines[0] == lines[1]
    assert lines[1] != lines[2]


def test_every_word_reaches_the_program_unchanged(running: Transport) -> None:
    done = running.run(["printf", "%s\\001", *WORDS], timeout_s=LIMIT_S)
    assert done.stdout.split("\1")[:-1] == list(WORDS)
    assert (done.exit_code, done.stderr) == (0, "")
    assert running.run(["ls"], timeout_s=LIMIT_S).stdout == ""


def test_a_program_put_in_bin_may_be_run_under_any_name(running: Transport, tmp_path: Path) -> None:
    (tmp_path / "p").write_text('#!/bin/sh\nprintf "%s," "$@"; pwd\n')
    for name in ("bin/plain", "bin/-x $(touch owned) 'y'"):
        running.put(tmp_path / "p", PurePosixPath(name), timeout_s=LIMIT_S)
        lines = [running.run([name, "a b"], timeout_s=LIMIT_S).stdout for _ in range(2)]
        assert lines[0].startswith("a b,/")
        assert lines[0] == lines[1]


@pytest.mark.parametrize("code", [0, 1, 2, 70, 71, 72, 126, 127, 255])
def test_the_exit_code_is_the_programs(running: Transport, code: int) -> None:
    done = running.run(["sh", "-c", f"echo told; echo asked >&2; exit {code}"], timeout_s=LIMIT_S)
    assert (done.exit_code, done.stdout, done.timed_out) == (code, "told\n", False)
    assert done.stderr == "asked\n"


@pytest.mark.parametrize("signal", ["KILL", "SEGV", "ABRT"])
def test_a_signal_that_ends_a_program_is_told(running: Transport, signal: str) -> None:
    done = running.run(["sh", "-c", f"ulimit -c 0; kill -{signal} $$"], timeout_s=LIMIT_S)
    assert done.ended_by == f"signal SIG{signal}"


def test_a_program_that_is_not_there_is_an_error_with_its_name(running: Transport) -> None:
    for name in ("no-such-program", "./no-such-program", "-x", ""):
        with pytest.raises(DeviceError, match="cannot be started") as raised:
            running.run([name], timeout_s=LIMIT_S)
        assert name in raised.value.message
        assert raised.value.hint


def test_lines_are_heard_while_the_program_runs(running: Transport, tmp_path: Path) -> None:
    """The program ends only after what it said was heard."""
    program = "echo first; while ! [ -f go ]; do sleep 0.1; done; echo last"
    (tmp_path / "go").write_text("")
    first = threading.Event()
    on_line: list[str] = []

    def hear(line: str) -> None:
        on_line.append(line)
        first.set()

    def let_go() -> None:
        if first.wait(LIMIT_S):
            running.put(tmp_path / "go", PurePosixPath("go"), timeout_s=LIMIT_S)

    helper = threading.Thread(target=let_go)
    helper.start()
    done = running.run(["sh", "-c", program], timeout_s=LIMIT_S, on_line=hear)
    helper.join()
    assert on_line == ["first\n", "last\n"]
    assert done.stdout == "first\nlast\n"


def test_long_output_comes_whole(running: Transport) -> None:
    program = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"
    done = running.run(["sh", "-c", program], timeout_s=LIMIT_S)
    assert done.stdout.splitlines() == [f"line {i}" for i in range(20000)]


@pytest.mark.slow
def test_a_program_is_stopped_at_the_time_limit(running: Transport) -> None:
    """One that ends when its input closes, as all that measure do."""
    done = running.run(["sh", "-c", "echo $$ > pid; echo begun; cat"], timeout_s=3)
    assert (done.timed_out, done.ended_by) == (True, "time limit")
    assert done.stdout in ("begun\n", "")
    alive = ["sh", "-c", "kill -0 $(cat pid)"]
    until(lambda: running.run(alive, timeout_s=LIMIT_S).exit_code != 0)


def test_input_stays_open_and_empty_while_a_program_runs(running: Transport) -> None:
    program = "exec 3<&0; cat <&3 & sleep 1; kill -0 $! && echo still open; kill $!"
    done = running.run(["sh", "-c", program], timeout_s=LIMIT_S)
    assert done.stdout == "still open\n"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


STRANGE = (
    "-oProxyCommand=x",
    "--x",
    "a b",
    "a;b",
    "$(x)",
    "`x`",
    "a\nb",
    "host/../x",
    "host/",
    "host/a\nb",
    "",
    "ünï",
)


@pytest.mark.parametrize("scheme", ["ssh", "adb"])
@pytest.mark.parametrize("rest", STRANGE)
def test_an_address_that_could_be_an_option_or_a_command_is_refused(scheme: str, rest: str) -> None:
    with pytest.raises(ConfigError, match="address") as raised:
        reach(f"{scheme}://{rest}")
    assert raised.value.hint
