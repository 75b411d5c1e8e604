"""What targets/runner/PROTOCOL.md promises of signs of life."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests import fake_runtime, speakers, tiny_models
from tests.speakers import TIMES, Conversation, Speaker, endless, quick

from edgehone.values import Plain

pytestmark = pytest.mark.peer

SIGNS = {"alive_s": 0.05}


def timed(folder: Path, minimum_s: float) -> Plain:
    return {**quick(folder), "minimum_s": minimum_s, "minimum_count": 1}


def outputs(folder: Path, samples: int) -> Plain:
    np.save(folder / "x.npy", np.zeros((samples, 6), np.float32))
    model = tiny_models.dense(folder).name
    return {"kind": "outputs", "model": model, "inputs": "x.npy", "outputs": "y.npy"}


def test_program_gives_signs_of_life_from_its_first_line_on(
    program: Speaker, tmp_path: Path
) -> None:
    jobs = [timed(tmp_path, 0.5), outputs(tmp_path, 20)]
    answer = program.ask(tmp_path, jobs, SIGNS)
    assert answer.lines[0]["event"] == "alive"
    assert answer.lines[-1]["event"] == "end"
    of_jobs = [sign["job"] for sign in answer.events("alive")]
    assert of_jobs.count("0") > 3
    assert "1" in of_jobs
    assert all("error" not in job for job in answer.jobs)


def test_program_gives_none_unasked(program: Speaker, tmp_path: Path) -> None:
    assert program.ask(tmp_path, [timed(tmp_path, 0.2)]).events("alive") == []


def test_program_promises_longer_silence_for_slower_inferences(
    program: Speaker, tmp_path: Path
) -> None:
    answer = program.ask(tmp_path, [timed(tmp_path, 0.3)], SIGNS)
    (job,) = answer.jobs
    slowest_s = max(job["cold_ns"], *job["samples_ns"]) / 1e9
    promised = [sign["within_s"] for sign in answer.events("alive") if sign["job"] == "0"]
    assert max(promised) >= round(5 + 10 * job["cold_ns"] / 1e9, 1)
    assert max(promised) <= 5.2 + 10 * max(slowest_s, 1.0)
    assert min(promised) >= 0


def test_signs_between_samples_cost_none_of_them(program: Speaker, tmp_path: Path) -> None:
    job = {**quick(tmp_path), "minimum_s": 0.0, "minimum_count": 50}
    answer = program.ask(tmp_path, [job], {"alive_s": 1e-6})
    (found,) = answer.jobs
    assert found["runs"] == len(found["samples_ns"]) == 50
    assert len(answer.events("alive")) > 50


def test_program_gives_signs_while_it_waits(program: Speaker, tmp_path: Path) -> None:
    request = {**SIGNS, "calm": {"load_per_core": 0.0, "wait_s": 0.5}}
    answer = program.ask(tmp_path, [quick(tmp_path)], request)
    first, last = (
        [line["event"] for line in answer.lines].index(event) for event in ("waiting", "job")
    )
    assert "alive" in [line["event"] for line in answer.lines[first:last]]


def stop_job(conversation: Conversation, sign: str) -> None:
    """Stop the job's process after a sign of life from that job."""
    while conversation.until("alive")["job"] != sign:
        pass
    os.kill(conversation.job_process(), signal.SIGSTOP)


@pytest.mark.slow
def test_job_that_stops_while_it_is_timed_is_answered_by_the_missing_sign(
    program: Speaker, tmp_path: Path
) -> None:
    other = {**quick(tmp_path), "model": tiny_models.dense(tmp_path).name}
    with program.start(tmp_path, [endless(tmp_path), other], SIGNS) as conversation:
        stop_job(conversation, "0")
        answer = conversation.finish()
    stopped, after = answer.jobs
    assert stopped["cause"] in ("time", "crash")
    assert "hangs" in stopped["error"] or "stopped" in stopped["error"]
    assert "error" not in after
    assert answer.whole


@pytest.mark.slow
def test_job_that_stops_while_nothing_is_timed_is_answered_as_stopped(
    program: Speaker, tmp_path: Path
) -> None:
    with program.start(tmp_path, [outputs(tmp_path, 2_000_000)], SIGNS) as conversation:
        stop_job(conversation, "0")
        answer = conversation.finish()
    (job,) = answer.jobs
    assert job["cause"] in ("time", "crash")
    assert answer.whole


@pytest.mark.slow
def test_inference_that_never_ends_is_no_reason_to_give_no_signs(tmp_path: Path) -> None:
    """The bound of what cannot give signs is the job's own limit; until then the program lives."""
    (tmp_path / "hang.tflite").write_text("hang")
    job = {"kind": "latency", "model": "hang.tflite", **TIMES, "limit_s": 2.0}
    speaker = speakers.python(fake_runtime.install(tmp_path))
    answer = speaker.ask(tmp_path, [job], SIGNS)
    (found,) = answer.jobs
    assert found["cause"] == "time"
    assert len([sign for sign in answer.events("alive") if sign["job"] == "0"]) > 5


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=lambda each: each.name)
def test_program_that_is_stopped_or_killed_says_no_more(
    program: Speaker, tmp_path: Path, number: signal.Signals
) -> None:
    with program.start(tmp_path, [endless(tmp_path)], SIGNS) as conversation:
        conversation.until("alive")
        job = conversation.job_process()
        os.kill(conversation.child.pid, number)
        conversation.child.kill()
        assert not conversation.finish().whole
    assert speakers.ended(job)
