"""Whether a runtime survives a file from elsewhere: tried in a process of its own.

Runtimes are written in C++ and trust what is in a file: a damaged one may end the
process that opens it.
"""

import sys
from contextlib import chdir, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from edgehone import formats
from edgehone.errors import ModelError
from edgehone.formats._base import RUNTIME_ERRORS
from edgehone.system import confinement, files, processes
from edgehone.system.bounds import GIB, MODEL_BYTES
from edgehone.system.memory import free_memory

TRIAL_S = 120.0
"""For one inference of a large network on a slow computer."""

_SURVIVED = "survived"

_tried: set[tuple[str, str, bool]] = set()
"""Files that ended no process of those this one has begun: hash, format, whether they were run."""


def require_survival(file: Path, *, run: bool = False) -> None:
    """Raise ModelError when opening a finished file ends the process that does it, or takes longer
    than TRIAL_S. run: also once with inputs that it surely takes.

    What the runtime merely refuses passes: it says why where the file is used. The same content is
    tried once, but for a format of the user's, whose code may be another the next time.
    """
    form = formats.of_file(file)
    trial = (files.sha256_of(file), form.name, run)
    if trial in _tried:
        return
    about = [str(file.absolute()), form.name, str(confinement.working_folder())]
    words = [sys.executable, "-m", "edgehone.export.trial", *about]
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
    if type(form).__module__.startswith(f"{formats.__name__}."):
        _tried.add(trial)


def main() -> int:
    """Prepare the file that is named, and run it where that is asked."""
    confinement.confine()
    file, name, home, run = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:] == ["run"]
    with chdir(home):  # where a user's own format is imported from
        form = formats.load(name)
    _limit_memory()
    content = files.content(file, MODEL_BYTES, ModelError)
    with suppress(*RUNTIME_ERRORS):  # reported where the file is used
        form.trial(content, run=run)
    sys.stdout.write(_SURVIVED)
    return 0


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
