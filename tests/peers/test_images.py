"""The container images: built by `make` on a local base, and used as users would use them."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests import bench_files, needs
from tests.host import Host
from tests.machines import chroot
from tests.machines.containers import Store
from tests.ssh_server import SshKeys

pytestmark = [pytest.mark.slow, pytest.mark.peer]

START_S = 60.0
PLENTY = {"ai-edge-litert", "onnxruntime", "tensorflow", "tf2onnx", "tf_keras", "ssh", "adb"}


@pytest.fixture
def store() -> Iterator[Store]:
    needs.root()
    for program in ("buildah", "make", "mmdebstrap"):
        needs.program(program)
    with Store() as made:
        made.add_base()
        yield made


@pytest.mark.proof
def test_toolchain_image_has_all_and_runs_as_nobody_special(store: Store) -> None:
    store.make("toolchain-image")
    image = store.image("edgehone")
    assert (image.user, image.entrypoint) == ("1000", ("edgehone",))
    found = json.loads(store.run("edgehone", *image.entrypoint, "doctor", "--json"))
    assert found["ready"]
    assert {check["name"] for check in found["checks"] if check["ok"]} >= PLENTY


def test_board_image_is_benched_over_ssh_without_set_up(store: Store, tmp_path: Path) -> None:
    store.make("board-image")
    with board(store, tmp_path) as (port, keys):
        host = Host(tmp_path, keys.environment)
        address = f"ssh://pi@127.0.0.1:{port}"
        added = host.edgehone("devices", "add", "board", "arm-container", address)
        assert added.exit_code == 0, added.stderr
        for files in (bench_files.litert(tmp_path), bench_files.onnx(tmp_path)):
            words = ("bench", files.model, "--data", files.data, "--on", "board")
            said = host.edgehone(*words)
            assert said.exit_code == 0, said.stderr
            (measured,) = said.document["measurements"]
            assert measured["verdict"] == "emulated"
            assert measured["accuracy"]["n"] == 24
            assert measured["conditions"]["machine"] == "aarch64"


@contextmanager
def board(store: Store, folder: Path) -> Iterator[tuple[int, SshKeys]]:
    """A board of the image, started as an engine would; its port here, and keys that open it."""
    image, keys = store.image("edgehone-board"), SshKeys(folder / "keys")
    assert (image.architecture, image.user) == ("arm64", "1000")
    chroot.emulate(chroot.CORTEX_A72)
    root = store.root_of("edgehone-board")
    chroot.furnish(root, chroot.CORTEX_A72)
    key = keys.user_key.with_suffix(".pub").read_bytes()
    (root / "keys/authorized_keys").write_bytes(key)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = dict(pair.split("=", 1) for pair in image.environment)
    argv = chroot.Chroot(root, chroot.CORTEX_A72).argv(
        *(*image.entrypoint, "-p", str(port)),
        user=int(image.user),
        folder="/",
        environment={**environment, "HOME": "/home/pi"},
    )
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for_greeting(process, port)
            keys.know(root / "home/pi/.ssh/host_key")
            yield port, keys
        finally:
            process.kill()  # and with it all that it started


def wait_for_greeting(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as talk:
            if talk.recv(4) == b"SSH-":
                return
        time.sleep(0.05)
    raise TimeoutError("The board's sshd does not start.")
