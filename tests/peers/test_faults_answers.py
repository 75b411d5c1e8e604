"""A device that ends with exit code 0 and has not answered: it is lost, and the others go on."""

import json
from pathlib import Path

import pytest
from tests import bench_files
from tests.host import Host, Said

pytestmark = [pytest.mark.slow, pytest.mark.peer]

START = {"event": "start", "protocol": 2, "runtimes": {"litert": "1"}}
HALF = "".join(
    json.dumps(line) + "\n"
    for line in (START, {"event": "job", "job": "0/latency/0", "kind": "latency"})
)
GARBAGE = '\x00\x1b[31mSegmentation fault\n{} [] null\n{"event": 7}\n' * 50


def bench(folder: Path, answers: list[str]) -> Said:
    """A bench on this machine and on a device that gives these answers."""
    host = Host(folder, {})
    host.target("quick")
    script = folder / "script.json"
    script.write_text(json.dumps({"answers": [{"stdout": text} for text in answers]}))
    host.device("good", "quick", "local")
    host.device("bad", "quick", f"scripted://{script}")
    model = bench_files.litert(folder).model
    return host.edgehone("bench", model, "--on", "bad", "--on", "good")


NONSENSE = "answers what cannot be"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (HALF, NONSENSE),
        (HALF[:-30], "no whole answer"),
        (GARBAGE, NONSENSE),
        ("", "no whole answer"),
    ],
    ids=["a job without its times", "a line cut short", "garbage", "nothing"],
)
def test_an_answer_that_is_not_whole_loses_its_device_only(
    tmp_path: Path, answer: str, message: str
) -> None:
    said = bench(tmp_path, [answer] * 20)
    assert said.exit_code == 4, said.stderr
    assert [lost["device"] for lost in said.document["lost"]] == ["bad"]
    assert message in said.error
    assert list(said.verdicts()) == ["good/net.tflite"]
