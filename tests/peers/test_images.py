"""The container images: built from the Dockerfiles on a local base, and used as users would."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import needs
from tests.machines.containers import Store

pytestmark = [pytest.mark.slow, pytest.mark.peer]

BASE = "docker.io/library/debian:12.8-slim"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    needs.root()
    needs.program("buildah")
    needs.program("mmdebstrap")
    made = Store(tmp_path_factory.mktemp("images"))
    made.add_base(BASE, "amd64")
    return made


@pytest.fixture(scope="module")
def toolchain(store: Store) -> Iterator[Path]:
    store.build("toolchain.Dockerfile", "edgehone")
    yield Path()
    store.call("rmi", "--force", "edgehone")


def test_toolchain_image_holds_all_and_runs_as_nobody_special(
    store: Store, toolchain: Path
) -> None:
    assert store.run("edgehone", "id", "-u") == "1000"
    checks = json.loads(store.run("edgehone", "edgehone", "doctor", "--json"))["checks"]
    there = {check["name"] for check in checks if check["ok"]}
    assert {"ai-edge-litert", "tensorflow", "tf2onnx", "tf_keras", "ssh", "adb"} <= there
