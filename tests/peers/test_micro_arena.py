"""The memory planned from a file is what TFLite Micro takes for values; the rest has a bound."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests import micro_nets
from tests.micro_nets import Net
from tflite_micro.python.tflite_micro import runtime

from edgehone.formats import contents
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

pytestmark = [pytest.mark.slow, pytest.mark.peer]

ARENA_BYTES = 2**20
# What docs/guides/gate.md says of a 64-bit machine.
BASE, OPERATOR, CHANNEL, TABLES = 768, 256, 8, 3072


@dataclass(frozen=True)
class Taken:
    """Bytes of the values, and of what stays beside them."""

    head: int
    tail: int


def taken(file: Path, capture: pytest.CaptureFixture[str]) -> Taken:
    """What TFLite Micro takes of its arena for one inference, in its own words."""
    interpreter = runtime.Interpreter.from_file(str(file), arena_size=ARENA_BYTES)
    port = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(port["shape"], port["dtype"]), 0)
    interpreter.invoke()
    capture.readouterr()
    interpreter.print_allocations()
    text = "".join(capture.readouterr())
    head, tail = (
        re.search(rf"Arena allocation {part} (\d+) bytes", text) for part in ("head", "tail")
    )
    assert head is not None
    assert tail is not None
    return Taken(int(head[1]), int(tail[1]))


@pytest.mark.parametrize("precision", ["int8", "int16x8", "float32"])
@pytest.mark.parametrize("make", micro_nets.NETS, ids=lambda make: make.__name__)
def test_arena_bytes_are_those_of_tflite_micro(
    make: Callable[[], tuple[Net, int]],
    precision: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    net, result = make()
    source, file, form = tmp_path / "float.tflite", tmp_path / "net.tflite", TFLite()
    source.write_bytes(net.content(result))
    form.quantize(source, PrecisionPlan(precision), net.calibration(), file)
    file.write_bytes(form.repack(file.read_bytes()))
    found, there = contents(file), taken(file, capfd)
    assert found["arena_bytes"] == there.head
    operators = sum(found["operators"].values())
    tables = TABLES if precision == "int16x8" and "SOFTMAX" in found["operators"] else 0
    assert there.tail <= BASE + OPERATOR * operators + CHANNEL * net.channels + tables
