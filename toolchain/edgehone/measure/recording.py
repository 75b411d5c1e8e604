"""What a device answered, written down so that `scripted` can play it again."""

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehone.system.files import write_whole
from edgehone.system.processes import Finished

SIGN = re.compile(r'\{"event": ?"alive"')


@dataclass
class Recorder:
    """Takes answers in their order, each with the files that were got after it."""

    answers: list[dict[str, Any]] = field(default_factory=list)

    def answered(self, finished: Finished) -> None:
        """One answer of the program on the device, whole or not, without its signs of life."""
        lines = finished.stdout.splitlines(keepends=True)
        self.answers.append(
            {
                "stdout": "".join(line for line in lines if not SIGN.match(line)),
                "stderr": finished.stderr,
                "exit_code": finished.exit_code,
                "timed_out": finished.timed_out,
                "files": {},
            }
        )

    def got(self, name: str, file: Path) -> None:
        """A file that was fetched after the last answer."""
        content = base64.b64encode(file.read_bytes()).decode()
        self.answers[-1]["files"][name] = content

    def write(self, path: Path) -> None:
        """The script that plays it all. Raises StorageError."""
        write_whole(path, json.dumps({"answers": self.answers}, indent=1) + "\n")
