"""Machines that tests share, started once a session and worker."""

from collections.abc import Iterator

import pytest
from tests import needs
from tests.boards import set_up
from tests.host import Host
from tests.machines.arm_board import ArmBoard
from tests.machines.arm_image import ArmImage, image
from tests.phones import Phones, plugged_in


@pytest.fixture(scope="session")
def arm_image() -> ArmImage:
    """What an ARM computer starts from; built first when there is none yet."""
    needs.root()
    for program in ("mmdebstrap", "mke2fs", "qemu-system-aarch64", "ssh-keygen"):
        needs.program(program)
    return image()


@pytest.fixture(scope="session")
def arm_board(arm_image: ArmImage) -> Iterator[ArmBoard]:
    """A whole ARM computer, with nothing of edgehone's on it at first."""
    with ArmBoard(arm_image) as board:
        yield board


@pytest.fixture(scope="session")
def python_board(arm_board: ArmBoard, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A user who has set that computer up with the runner in Python."""
    return set_up(arm_board, "python", tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="session")
def native_board(arm_board: ArmBoard, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A user who has set that computer up with the runner in C."""
    return set_up(arm_board, "native", tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="session")
def phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    """Two phones, set up; whoever changes one puts it right again."""
    needs.root()
    for program in ("mmdebstrap", "adb", "qemu-aarch64-static", "update-binfmts"):
        needs.program(program)
    with plugged_in(tmp_path_factory.mktemp("phones")) as both:
        yield both
