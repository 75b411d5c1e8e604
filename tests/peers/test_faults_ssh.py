"""What links, disks and boards do to a measurement over ssh: the device is lost, the rest goes on.

The device is this machine behind a real sshd, and behind a link that can be cut.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import bench_files, needs
from tests.host import Host, Said, ended
from tests.link import Link
from tests.ssh_server import SshServer

from edgehone.devices.ssh import Ssh
from edgehone.programs.fitting import Fitting, record

pytestmark = [pytest.mark.slow, pytest.mark.peer]

SAMPLES = 20_000
"""As many as make 480 KB of inputs and 240 KB of outputs."""
HALF = 120_000
"""Bytes after which both are cut through."""
WAIT_S = 60.0


class Lab:
    """A good device, and a bad one behind a link; `bench` measures on both."""

    def __init__(self, folder: Path, link: Link, server: SshServer) -> None:
        self.link, self.server = link, server
        self.folder = server.home / "edgehone"
        self.host = Host(folder, {"EDGEHONE_SSH_CONFIG": str(server.config)})
        self.host.target("quick")
        self.host.device("good", "quick", "local")
        self.host.device("bad", "quick", server.at(link.port))
        self._files = bench_files.wide(folder, SAMPLES)
        self.words = ("bench", self._files.model, "--data", self._files.data)
        self.both = (*self.words, "--on", "bad", "--on", "good")

    def bench(self) -> Said:
        """Measure on both."""
        return self.host.edgehone(*self.both)

    def good_again(self) -> None:
        """Nothing is lost: the same command measures on both, and nothing half lies about."""
        said = self.bench()
        assert said.exit_code == 0, said.stderr
        assert sorted(said.verdicts()) == ["bad/dense-float32.tflite", "good/dense-float32.tflite"]
        assert [path for path in self.folder.rglob("*") if "part" in path.name] == []


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with SshServer(tmp_path / "board") as server, Link(server.port) as link:
        monkeypatch.setenv("EDGEHONE_SSH_CONFIG", str(server.config))
        transport = Ssh(server.address.removeprefix("ssh://"))
        record(transport, Fitting("python", (sys.executable,)))
        transport.close()
        yield Lab(tmp_path, link, server)


def bad_is_lost(said: Said, *words: str) -> None:
    """The bad device alone is lost, with these words; the good one's numbers are there."""
    assert said.exit_code == 4, said.stderr
    assert [each["device"] for each in said.document["lost"]] == ["bad"]
    assert said.document["lost"][0]["exit_code"] == 4
    assert said.document["lost"][0]["hint"]
    for word in words:
        assert word in said.error
    assert list(said.verdicts()) == ["good/dense-float32.tflite"]


def until(condition: Callable[[], object]) -> None:
    """Wait for something that must come about."""
    limit = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


def working_in(folder: Path) -> list[int]:
    """Processes that work in a folder, or deeper."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = (process / "cwd").readlink()
        except OSError:  # it has ended
            continue
        if place.is_relative_to(folder):
            found.append(int(process.name))
    return found


def test_wrong_host_key(lab: Lab) -> None:
    lab.server.change_host_key()
    bad_is_lost(lab.bench(), "host key")


def test_refused_key(lab: Lab) -> None:
    lab.server.refuse_key()
    bad_is_lost(lab.bench(), "lets nobody in")


def test_host_unreachable(lab: Lab) -> None:
    lab.server.kill()
    bad_is_lost(lab.bench())
    lab.server.start()
    lab.good_again()


def test_link_cut_in_upload(lab: Lab) -> None:
    lab.link.cut_after(HALF)
    bad_is_lost(lab.bench(), "lost")
    lab.good_again()


def test_link_cut_in_run_stops_the_program_there(lab: Lab) -> None:
    lab.host.target("quick", minimum_s=120.0)
    command = lab.host.start(*lab.words, "--on", "bad", "--no-memory")
    until(lambda: list(lab.folder.glob("outputs/*")))
    lab.link.cut()
    said = ended(command)
    assert said.exit_code == 4
    assert "lost" in said.error
    until(lambda: not working_in(lab.folder))
    lab.host.target("quick")
    lab.good_again()


def test_link_cut_in_download(lab: Lab) -> None:
    lab.link.cut_after(HALF, down=True)
    bad_is_lost(lab.bench(), "lost")
    lab.good_again()


def test_link_that_stalls_and_heals_loses_nothing(lab: Lab) -> None:
    command = lab.host.start(*lab.both)
    until(lambda: list(lab.folder.glob("data/*")))
    lab.link.stall()
    time.sleep(8)  # longer than ssh's keep-alive, shorter than its patience
    lab.link.heal()
    said = ended(command)
    assert said.exit_code == 0, said.stderr
    assert sorted(said.verdicts()) == ["bad/dense-float32.tflite", "good/dense-float32.tflite"]


def test_frozen_device(lab: Lab) -> None:
    lab.host.target("quick", minimum_s=120.0)
    command = lab.host.start(*lab.words, "--on", "bad", "--no-memory")
    until(lambda: list(lab.folder.glob("outputs/*")))
    lab.server.freeze()
    said = ended(command)
    lab.server.thaw()
    assert said.exit_code == 4
    assert "lost" in said.error
    until(lambda: not working_in(lab.folder))
    lab.host.target("quick")
    lab.good_again()


def test_full_disk(lab: Lab) -> None:
    needs.root()
    with mounted(lab.folder, size_bytes=256 << 10):
        bad_is_lost(lab.bench(), "full")
        assert [path for path in lab.folder.rglob("*") if "part" in path.name] == []
    lab.good_again()


@contextmanager
def mounted(folder: Path, size_bytes: int) -> Iterator[None]:
    """A small disk, with what is in a folder now, in that folder's place."""
    kept = {path.relative_to(folder): path.read_bytes() for path in folder.glob("*.json")}
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, timeout=WAIT_S)
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=WAIT_S)  # noqa: S607


OLD = "raise ImportError('it needs a newer C library')\n"


@pytest.mark.parametrize("runtime", [OLD, "__version__ = '0.1'\n"], ids=["missing", "too old"])
def test_runtime_missing_or_too_old(lab: Lab, runtime: str) -> None:
    for name in ("ai_edge_litert", "tflite_runtime", "tensorflow"):
        (lab.folder / "old" / name).mkdir(parents=True)
        (lab.folder / "old" / name / "__init__.py").write_text(runtime)
    transport = Ssh(lab.server.address.removeprefix("ssh://"))
    record(transport, Fitting("python", ("env", "PYTHONPATH=old", sys.executable)))
    transport.close()
    bad_is_lost(lab.bench())
