"""The process in which inputs are read, one a line: `python -m tests.fuzz.child`.

A line names a reader and an input's number, or a file; the answer is a line of JSON with
"finding", empty where all is well. Should it crash or hang, its parent knows at what.
"""

import contextlib
import json
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from tests.fuzz.mutating import TRAP
from tests.fuzz.readers import READERS, Reader


def main() -> int:
    """Read inputs until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        name, what = json.loads(line)
        found = tried(READERS[name], what)
        answers.write(json.dumps({"finding": found}) + "\n")
        answers.flush()
    return 0


def tried(reader: Reader, what: int | str) -> str:
    """What is wrong with how one input is read, in a folder of its own; "" if nothing is.

    what: the number of a damaged copy, or the path of a file.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch, contextlib.chdir(scratch):
        folder = Path(scratch)
        os.environ |= {"EDGEHONE_RUNS": str(folder / "runs"), "XDG_CONFIG_HOME": str(folder / "c")}
        sprung = Path(os.environ["EDGEHONE_FUZZ"], "sprung")
        try:
            path = reader.input(what, folder) if isinstance(what, int) else _copied(what, folder)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = reader.read(path)
        except BaseException:  # whatever it is, it is the finding
            found = traceback.format_exc()[-3000:]
        if sprung.exists():
            sprung.unlink()
            sys.modules.pop(TRAP, None)
            return f"{TRAP} was imported"
        return found


def _copied(what: str, folder: Path) -> Path:
    source = Path(what)
    name = source.name.partition("+")[2] or source.name
    path = folder / name
    path.write_bytes(source.read_bytes())
    return path


if __name__ == "__main__":
    sys.exit(main())
