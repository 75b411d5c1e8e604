"""The child process that turns Keras models into float files, job by job.

Run as `python -m edgehone.export.worker`: one JSON job a line on standard input, one JSON answer a
line on standard output. Whatever libraries print goes to standard error.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from edgehone import formats
from edgehone.errors import EdgehoneError, ModelError
from edgehone.export._hosting import Host, Tell
from edgehone.export._recurrent import chosen
from edgehone.export._tracing import flattened
from edgehone.export._writing import written
from edgehone.formats._base import Format
from edgehone.graph import loading
from edgehone.graph.supported import require_formats, require_supported
from edgehone.system import confinement, files, interface
from edgehone.system.interface import Interface
from edgehone.system.user_code import function, is_reference


def main() -> int:
    """Answer {"ready": true} once TensorFlow is loaded, then one line for each job."""
    confinement.confine()
    answers = _own_stdout()
    from edgehone.graph import backend

    try:
        backend.keras()
    except EdgehoneError as error:
        _answer(answers, _refused(error))
        return error.exit_code
    _answer(answers, {"ready": True})
    host, tell = Host(), partial(_answer, answers)
    for line in sys.stdin:
        _answer(answers, _reply(json.loads(line), host, tell))
        backend.keras().backend.clear_session()
    return 0


def _own_stdout() -> TextIO:
    """A stream to the parent; file descriptor 1 itself then leads to standard error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _answer(stream: TextIO, message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _reply(job: dict[str, Any], host: Host, tell: Tell) -> dict[str, Any]:
    """The answer to a job, or {"error": {"kind", "message", "hint"}}; never an exception.

    tell: called with {"kept": true} when the destination holds a file that will do, should a
    better one not be made.
    """
    verb = job.get("verb", "convert")
    interface.switch(Interface.from_json(job["interface"]))
    try:
        with contextlib.chdir(job["home"]):
            for source in filter(is_reference, job.get("sources", ())):
                function(source, ModelError)  # its module registers the layers of its own
            loading.register(job.get("custom", ()))
            if verb == "load":
                return host.load(job, tell)
        if verb == "predict":
            return host.predict(job)
        with contextlib.chdir(job["home"]):
            form = formats.load(job["format"])
        convert(
            job["model"],
            form,
            Path(job["destination"]),
            trust=job["trust"],
            batch=job["batch"],
            recurrent=job["recurrent"],
            kept=lambda: tell({"kept": True}),
        )
    except EdgehoneError as error:
        return _refused(error)
    return {"done": True}


def _refused(error: EdgehoneError) -> dict[str, Any]:
    """An error as the parent reads it."""
    kind = type(error).__name__
    return {"error": {"kind": kind, "message": error.message, "hint": error.hint}}


def convert(
    source: str,
    form: Format,
    destination: Path,
    *,
    trust: bool = False,
    batch: int | None = 1,
    recurrent: str = "auto",
    kept: Callable[[], None] = lambda: None,
) -> None:
    """Write a Keras model as a float file of a format.

    batch: samples a run takes, None for any; recurrent: see `conversion.Layout`; kept: see
    `_reply`. Batch norms are folded first. Raises ModelError and ConversionError.
    """
    from edgehone.graph import backend
    from edgehone.graph.fold import fold_batch_norms
    from edgehone.graph.loading import load

    def write(each: Any, size: int | None) -> bytes:
        return written(flattened(each), form, size)

    def keep(content: bytes) -> None:
        files.write_whole(destination, content)
        kept()

    with backend.float32_policy():
        model = flattened(fold_batch_norms(load(source, trust=trust)))
        require_supported(model, source, batch=batch)
        require_formats(model, (form.name,))
        content = chosen(model, batch, form, recurrent, write, keep)
    files.write_whole(destination, content)


if __name__ == "__main__":
    sys.exit(main())
