"""A finished file from elsewhere, repacked and proven in a process of its own.

Runtimes trust what is in a file: a damaged one may end the process that runs it.
"""

import json
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats
from edgehone.errors import ConversionError, EdgehoneError, ModelError
from edgehone.export.repacking import Repacked, repacked
from edgehone.formats._base import Format
from edgehone.system import confinement, files, processes
from edgehone.system.bounds import MODEL_BYTES

PROOF_S = 600.0
"""For some twenty inferences of a large network with plain kernels on a slow computer."""

_RESULT = "repacked"


def repack_alone(file: Path, form: Format) -> Repacked:
    """The repacked content of a file, or its own and why; see `edgehone.export.repacking`.

    Raises ModelError when the file cannot be read, or ends the process that runs it.
    """
    about = [str(file.absolute()), form.name, str(confinement.working_folder())]
    with TemporaryDirectory(prefix="edgehone-") as folder:
        result = Path(folder) / _RESULT
        finished = processes.run(
            [sys.executable, "-m", "edgehone.export.repack_alone", *about, str(result)],
            timeout_s=PROOF_S,
            environment=confinement.environment(),
            folder=Path(folder),
        )
        answer = _answer(finished.stdout)
        if answer is None:
            raise ModelError(
                f"Cannot run {file}: the runtime crashes on it ({finished.ended_by}).",
                "Export the model again, or copy the file once more.",
            )
        if "error" in answer:
            raise ModelError(answer["error"], answer["hint"])
        content = files.content(result, MODEL_BYTES, ModelError)
    return Repacked(content, answer["reason"], tuple(answer["kernels"]), answer["runs"])


def _answer(text: str) -> dict[str, Any] | None:
    """The last line of what the child wrote, where it came so far."""
    lines = text.splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def main() -> int:
    """Repack the file that is named into the one that is named."""
    confinement.confine()
    file, name, home, result = (*sys.argv[1:4], Path(sys.argv[4]))
    with chdir(home):  # where a user's own format is imported from
        form = formats.load(name)
    answer: dict[str, Any]
    try:
        answer = _repacked(Path(file), form, result)
    except EdgehoneError as error:
        answer = {"error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _repacked(file: Path, form: Format, result: Path) -> dict[str, Any]:
    content = files.content(file, MODEL_BYTES, ModelError)
    found = repacked(content, form, formats.audit(file, form))
    files.write_whole(result, found.content)
    return found.about(len(content))


def refusal(file: Path, found: Repacked) -> ConversionError:
    """The error about a file that cannot be repacked."""
    return ConversionError(
        f"Cannot repack {file}: {found.reason}.", "Use the file as it is; nothing was written."
    )


if __name__ == "__main__":
    sys.exit(main())
