"""`litert-benchmark` with all its digits, and with the share of its time that it waited for a CPU.

Its own JSON is rounded to 0.01 ms, which is too coarse for what is measured here.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from ai_edge_litert.tools import benchmark_litert_model as tool


def unrounded(value: Any, digits: int) -> Any:
    """In place of `round`, as the tool's module finds it."""
    del digits
    return value


def waited_ns() -> int:
    """How long this process was ready to run and did not."""
    return int(Path("/proc/self/schedstat").read_text().split()[1])


def main(sink: Path) -> None:
    """Run the tool with the remaining arguments."""
    tool.round = unrounded
    sys.argv.append(f"--result_json={sink}")
    waited, began = waited_ns(), time.monotonic_ns()
    tool.main()
    share = (waited_ns() - waited) / (time.monotonic_ns() - began)
    found = json.loads(sink.read_text())
    sink.write_text(json.dumps({**found, "waited": share}))


if __name__ == "__main__":
    main(Path(sys.argv.pop(1)))
