"""A user who has set up the whole ARM computer, with one of the programs that run there."""

from pathlib import Path

from tests.host import Host
from tests.machines.arm_board import ArmBoard

SENSORS = """
[sensors]
clock_khz = "/run/sensors/clock"
temperature_mc = "/run/sensors/temperature"
governor = "/run/sensors/governor"
[sensors.commands]
throttled = ["vcgencmd", "get_throttled"]
[steady.files]
"/run/sensors/governor" = "performance"
"""
PROGRAMS = ("python", "native")


def user_of(board: ArmBoard, program: str, folder: Path) -> Host:
    """A user who calls it `board` and has nothing on it yet, and this machine `here`."""
    host = Host(folder, {"EDGEHONE_SSH_CONFIG": str(board.ssh_config)})
    host.target("board", program=program, more=SENSORS)
    host.target("here")
    host.device("here", "here", "local")
    host.device("board", "board", f"{board.address}/home/pi/{program}")
    return host


def set_up(board: ArmBoard, program: str, folder: Path) -> Host:
    """The same, having set it up by the command that sets devices up."""
    host = user_of(board, program, folder)
    said = host.edgehone("devices", "setup", "board")
    assert said.exit_code == 0, said.stderr
    assert said.document["program"] == program
    assert {"ai-edge-litert", "onnxruntime"} <= set(said.document["packages"])
    return host
