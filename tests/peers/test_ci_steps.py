"""Steps of the CI templates, run by a local stand-in for their runners."""

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests import tiny_models
from tests.ci_runner import ROOT, Finished, read, step

pytestmark = [pytest.mark.slow, pytest.mark.peer]

SIZE = '[[budget]]\nmetric = "size_bytes"\nmax = "{}"\n'
HOSTILE = "a $(touch pwned) `touch pwned` \"; touch pwned; '\u00fc.tflite"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tiny_models.dense(tmp_path, name="m")
    (tmp_path / "budgets.toml").write_text(SIZE.format("1 MiB"))
    return tmp_path


@dataclass(frozen=True)
class Gate:
    """The step of a checkout whose file is m.tflite."""

    place: Path
    programs: Path

    def __call__(self, **inputs: str) -> Finished:
        given = {key.replace("_", "-"): value for key, value in inputs.items()}
        words = {"files": "m.tflite", **given}
        about = ("edgehone-gate", "Check the budgets", words, self.place)
        return step(*about, programs=self.programs)


@pytest.fixture
def gate(place: Path, programs: Path) -> Gate:
    return Gate(place, programs)


def test_a_gate_that_passes_tells_so_everywhere(gate: Gate) -> None:
    found = gate()
    assert found.code == 0, found.log
    assert (found.outputs["decision"], found.outputs["exit-code"]) == ("pass", "0")
    assert json.loads(Path(found.outputs["document"]).read_text())["decision"] == "pass"
    for name in ("sarif", "junit", "markdown"):
        assert Path(found.outputs[name]).stat().st_size
    assert found.summary.startswith("## ")
    assert "::stop-commands::" in found.log


@pytest.mark.parametrize(
    ("budgets", "inputs", "code", "decision"),
    [
        (SIZE.format("1 B"), {}, 1, "fail"),
        ('[[budget]]\nmetric = "instructions"\nmax = 5000\n', {}, 3, "inconclusive"),
        (
            '[[budget]]\nmetric = "instructions"\nmax = 5000\n',
            {"allow_inconclusive": "true"},
            0,
            "inconclusive",
        ),
        (SIZE.format("1 B") + 'x = "unknown"\n', {}, 2, ""),
        ("", {}, 2, ""),
        (SIZE.format("1 MiB"), {"files": "gone.tflite"}, 5, ""),
        (SIZE.format("1 MiB"), {"files": ""}, 2, ""),
        (SIZE.format("1 MiB"), {"allow_inconclusive": "true", "files": ""}, 2, ""),
    ],
)
def test_a_step_ends_as_the_gate_does(
    budgets: str, inputs: dict[str, str], code: int, decision: str, place: Path, gate: Gate
) -> None:
    (place / "budgets.toml").write_text(budgets)
    found = gate(**inputs)
    assert (found.code, found.outputs["decision"]) == (code, decision), found.log


def test_names_of_files_run_nothing(place: Path, gate: Gate) -> None:
    tiny_models.dense(place, name=HOSTILE.removesuffix(".tflite"))
    (place / "-x.tflite").write_bytes((place / "m.tflite").read_bytes())
    found = gate(files=f"{HOSTILE}\n-x.tflite\r\n\nm.tflite")
    assert found.code == 0, found.log
    assert not (place / "pwned").exists()
    document = json.loads(Path(found.outputs["document"]).read_text())
    assert [each["file"] for each in document["checks"]] == [HOSTILE, "-x.tflite", "m.tflite"]


def test_an_older_result_does_not_stand_for_this_one(gate: Gate) -> None:
    assert gate().code == 0
    found = gate(files="gone.tflite")
    assert (found.code, found.outputs["decision"]) == (5, "")
    assert "sarif" not in found.outputs


class _GitHub(BaseHTTPRequestHandler):
    """As much of GitHub's API as the comment needs."""

    comments: ClassVar[list[dict[str, Any]]] = []
    forbidden: ClassVar[bool] = False

    def _answer(self, value: Any, code: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(403 if self.forbidden else code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> str:
        length = int(self.headers["Content-Length"])
        return str(json.loads(self.rfile.read(length))["body"])

    def do_GET(self) -> None:
        first = self.path.endswith("page=1")
        assert self.path.startswith("/repos/o/r/issues/7/comments?")
        self._answer(self.comments if first else [])

    def do_POST(self) -> None:
        self.comments.append({"id": 100 + len(self.comments), "body": self._body()})
        self._answer({}, 201)

    def do_PATCH(self) -> None:
        number = int(self.path.rpartition("/")[2])
        found = next(each for each in self.comments if each["id"] == number)
        found["body"] = self._body()
        self._answer({})

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


@pytest.fixture
def github() -> Iterator[str]:
    _GitHub.comments, _GitHub.forbidden = [{"id": 1, "body": "LGTM"}], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), _GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def comment(place: Path, address: str, text: str, event: Any) -> Finished:
    (place / "gate.md").write_text(text)
    (place / "event.json").write_text(json.dumps(event))
    return step(
        "edgehone-gate-comment",
        "Comment on the pull request",
        {"markdown": "gate.md"},
        place,
        GITHUB_API_URL=address,
        GITHUB_REPOSITORY="o/r",
        GITHUB_EVENT_PATH=str(place / "event.json"),
    )


PULL = {"pull_request": {"number": 7}}


def test_one_comment_is_written_and_then_changed(github: str, tmp_path: Path) -> None:
    for text in ("first", "second"):
        found = comment(tmp_path, github, text, PULL)
        assert found.code == 0, found.log
    assert [each["body"] for each in _GitHub.comments] == [
        "LGTM",
        "<!-- edgehone-gate:gate -->\nsecond",
    ]


def test_a_comment_is_no_longer_than_github_takes(github: str, tmp_path: Path) -> None:
    text = "## Budgets\n<details>\n" + "| größe | 1 |\n" * 10_000 + "</details>\n"
    found = comment(tmp_path, github, text, PULL)
    assert found.code == 0, found.log
    body = _GitHub.comments[-1]["body"]
    assert 60_000 < len(body) <= 65_536
    assert body.endswith("the job summary has all of it.\n</details>")
    assert "| größe | 1 |\n\nThe rest is left out" in body


def test_on_a_fork_nothing_is_written_and_nothing_fails(github: str, tmp_path: Path) -> None:
    _GitHub.forbidden = True
    found = comment(tmp_path, github, "text", PULL)
    assert found.code == 0
    assert "may not comment" in found.log


def test_a_push_has_no_pull_request(github: str, tmp_path: Path) -> None:
    found = comment(tmp_path, github, "text", {"ref": "main"})
    assert (found.code, len(_GitHub.comments)) == (0, 1)


@pytest.mark.parametrize(("limit", "code"), [("1 MiB", 0), ("1 B", 1)])
def test_the_pre_commit_hook_checks_the_files_it_is_given(
    limit: str, code: int, place: Path
) -> None:
    """As pre-commit starts a hook: entry, args, then the names of files."""
    (place / "budgets.toml").write_text(
        SIZE.format(limit) + '[[budget]]\nmetric = "latency_p50_ms"\nmax = "1 us"\n'
    )
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    words = [*shlex.split(hook["entry"]), *hook["args"], "m.tflite"]
    assert words[0] == "edgehone"
    words[0] = str(Path(sys.executable).parent / "edgehone")
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "not checked, because of --files-only: latency_p50_ms" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("limit", "code"), [("1 MiB", 0), ("1 B", 1)])
def test_the_gitlab_job_ends_as_the_gate_does(limit: str, code: int, place: Path) -> None:
    (place / "budgets.toml").write_text(SIZE.format(limit))
    template = read(ROOT / "docs" / "ci" / "gitlab.yml")
    _install, script = template[".edgehone-gate"]["script"]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **template["variables"],
        **template["models-files"]["variables"],
        "GATE_FILES": "m.tflite\n",
    }
    words = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(
        words, cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert (place / "gate.xml").exists()
