"""Whether a runtime survives a file from elsewhere: tried in a process of its own.

LiteRT and ONNX Runtime are written in C++ and trust what is in a file: a damaged one may end the
process that opens it.
"""

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from edgehone.errors import ModelError
from edgehone.system import confinement, processes
from edgehone.system.bounds import GIB, MODEL_BYTES
from edgehone.system.memory import free_memory

TRIAL_S = 120.0
"""For one inference of a large network on a slow computer."""

_SURVIVED = "survived"


def require_survival(file: Path, *, run: bool = False) -> None:
    """Raise ModelError when preparing a .tflite or .onnx file ends the process that does it, or
    takes longer than TRIAL_S. run: also once with zeros for inputs, or
    what a .tflite file surely takes.

    What the runtime merely refuses passes: it says why where the file is used.
    """
    words = [sys.executable, "-m", "edgehone.export.trial", str(file.absolute())]
    with TemporaryDirectory(prefix="edgehone-") as folder:
        finished = processes.run(
            [*words, *(["run"] if run else [])],
            timeout_s=TRIAL_S,
            environment=confinement.environment(),
            folder=Path(folder),
        )
    if _SURVIVED not in finished.stdout:
        raise ModelError(
            f"Cannot read {file}: the runtime that opens it crashes ({finished.ended_by}).",
            "Export the model again, or copy the file once more.",
        )


def main() -> int:
    """Prepare the file that is named, and run it where that is asked."""
    from edgehone.export.execution import RUNTIME_ERRORS
    from edgehone.system import files

    confinement.confine()
    file, run = Path(sys.argv[1]), sys.argv[2:] == ["run"]
    _limit_memory()
    content = files.content(file, MODEL_BYTES, ModelError)
    with suppress(*RUNTIME_ERRORS):  # told where the file is used
        (_tflite if file.suffix.lower() == ".tflite" else _onnx)(content, run=run)
    sys.stdout.write(_SURVIVED)
    return 0


def _tflite(content: bytes, *, run: bool) -> None:
    from edgehone.formats import _flatbuffer
    from edgehone.formats._interpreter import open_interpreter
    from edgehone.formats._trial_inputs import trial_inputs

    interpreter = open_interpreter(content)
    if run:
        with suppress(ModelError):  # what cannot be read is refused where it is used
            model = _flatbuffer.parse(content, "the file")
            for index, values in trial_inputs(interpreter, model):
                interpreter.set_tensor(index, values)
            interpreter.invoke()


def _onnx(content: bytes, *, run: bool) -> None:
    import numpy as np

    from edgehone.formats import _session

    session = _session.open_session(content)
    if run:
        shapes = [each.shape for each in session.get_inputs()]
        sizes = [[each if isinstance(each, int) else 1 for each in shape] for shape in shapes]
        _session.run(session, [np.zeros(shape, np.float32) for shape in sizes])


def _limit_memory() -> None:
    """Take no more than what is free: a file may ask for any amount."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = max(free_memory(), GIB)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
