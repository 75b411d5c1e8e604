"""What links, disks and keys do to a measurement over ssh: that device is lost, the rest goes on.

The device is this machine behind a real sshd, and behind a link that can be cut.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.host import Host, ended
from tests.lab import HALF, Lab, install, settled, until, working_in
from tests.link import Link
from tests.small_disk import small_disk
from tests.ssh_server import SshServer

from edgehone.devices.ssh import Ssh
from edgehone.runners.setup.installation import Installation, record

pytestmark = [pytest.mark.slow, pytest.mark.peer]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    with SshServer(tmp_path / "board") as running:
        monkeypatch.setenv("EDGEHONE_SSH_CONFIG", str(running.config))
        install(device(running))
        yield running


@pytest.fixture
def link(server: SshServer) -> Iterator[Link]:
    with Link(server.port) as running:
        yield running


@pytest.fixture
def lab(server: SshServer, link: Link, tmp_path: Path) -> Lab:
    host = Host(tmp_path, {"EDGEHONE_SSH_CONFIG": str(server.config)})
    return Lab(host, server.at(link.port), server.home / "edgehone")


def device(server: SshServer) -> Ssh:
    return Ssh(server.address.removeprefix("ssh://"))


def test_wrong_host_key(lab: Lab, server: SshServer) -> None:
    server.change_host_key()
    lab.bad_is_lost(lab.bench(), "another host key")


def test_refused_key(lab: Lab, server: SshServer) -> None:
    server.refuse_key()
    lab.bad_is_lost(lab.bench(), "lets nobody in")


def test_host_unreachable(lab: Lab, server: SshServer) -> None:
    server.kill()
    lab.bad_is_lost(lab.bench())
    server.start()
    lab.nothing_is_lost(lab.bench())


def test_link_cut_in_upload(lab: Lab, link: Link) -> None:
    link.cut_after(HALF)
    lab.bad_is_lost(lab.bench(), "was lost")
    lab.nothing_is_lost(lab.bench())


def test_link_cut_in_run_stops_the_program_there(lab: Lab, link: Link) -> None:
    lab.bad_is_lost(lab.amid_a_run(link.cut), "was lost")
    until(lambda: not working_in(lab.folder))
    lab.nothing_is_lost(lab.bench())


def test_link_cut_in_download(lab: Lab, link: Link) -> None:
    link.cut_after(HALF, down=True)
    lab.bad_is_lost(lab.bench(), "was lost")
    lab.nothing_is_lost(lab.bench())


def test_link_that_stalls_and_heals_loses_nothing(lab: Lab, link: Link) -> None:
    command = lab.start("bad")
    until(lambda: list(lab.folder.glob("data/*")))
    link.stall()
    sent = settled(lambda: link.held)
    until(lambda: link.held > sent)  # ssh asks whether anybody is there
    link.heal()
    lab.nothing_is_lost(ended(command))


def test_frozen_device(lab: Lab, server: SshServer) -> None:
    lab.bad_is_lost(lab.amid_a_run(server.freeze), "was lost")
    server.thaw()
    until(lambda: not working_in(lab.folder))
    lab.nothing_is_lost(lab.bench())


def test_full_disk(lab: Lab, server: SshServer) -> None:
    shutil.rmtree(lab.folder)
    with small_disk(lab.folder, kibibytes=256):
        install(device(server))
        lab.bad_is_lost(lab.bench(), "is full")
        assert [path for path in lab.folder.rglob("*") if "part" in path.name] == []
    install(device(server))
    lab.nothing_is_lost(lab.bench())


MISSING = "raise ImportError('it needs a newer C library')\n"
TOO_OLD = "__version__ = '0.1'\n"


@pytest.mark.parametrize("runtime", [MISSING, TOO_OLD], ids=["missing", "too old"])
def test_runtime_missing_or_too_old(lab: Lab, server: SshServer, runtime: str) -> None:
    for name in ("ai_edge_litert", "tflite_runtime", "tensorflow"):
        (lab.folder / "old" / name).mkdir(parents=True)
        (lab.folder / "old" / name / "__init__.py").write_text(runtime)
    record(device(server), Installation("python", ("env", "PYTHONPATH=old", sys.executable)))
    lab.bad_is_lost(lab.bench(), "cannot run")
