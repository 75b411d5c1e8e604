"""The converter's process, handed on from one test to the next: loading TensorFlow takes seconds.

The toolchain itself keeps one for as long as a command lasts, for many models. Here it outlives the
command, if it did nothing but ordinary jobs: one that was killed, that loaded code of a test's, or
that another environment began, is not used again.
"""

import os
import tempfile
from typing import Any

from edgehone.export import conversion
from edgehone.system import confinement
from edgehone.system.user_code import is_reference

JOBS = 50
"""Commands that one process serves at most."""
OF_A_TEST = (
    "COLUMNS",
    "EDGEHONE_LOCK",
    "EDGEHONE_RUNS",
    "PYTEST_CURRENT_TEST",
    "TMPDIR",
    "XDG_CONFIG_HOME",
)
"""Variables that differ from test to test, and that a conversion does not depend on."""


Child = conversion._Child
"""What a command begins where none is lent."""


class Lent(Child):
    """A child that goes back to those it came from, unless it has become unlike a new one."""

    def __init__(self, lender: "Lender", world: object) -> None:
        self._lender, self.world = lender, world
        self._busy = self._strange = False
        self.served = 0
        before, tempfile.tempdir = tempfile.tempdir, lender.folder
        try:
            super().__init__()
        finally:
            tempfile.tempdir = before

    def ask(self, job: dict[str, Any], timeout_s: float | None) -> dict[str, Any]:
        """The answer to one job."""
        self._busy = True
        self._strange = self._strange or bool(
            job.get("custom") or any(map(is_reference, job.get("sources", ())))
        )
        return super().ask(job, timeout_s)

    def answer(self, timeout_s: float | None) -> dict[str, Any]:
        """The next line, after which there may be more of the same job's."""
        found = super().answer(timeout_s)
        self._busy = "event" in found or "kept" in found
        return found

    def close(self) -> None:
        """Go back, or end."""
        self.served += 1
        alike = not self._busy and not self._strange and self.served < JOBS
        if not (alike and self.lives and self._lender.takes(self)):
            self.end()

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """What closing another child does."""
        super().close()


class Lender:
    """Has one child to spare, which works in `folder`, while `on`."""

    def __init__(self, folder: str) -> None:
        self.folder, self.on = folder, True
        self._spare: Lent | None = None

    def lend(self) -> Child:
        """The spare child if it began in the world as it is now, or a new one."""
        if not self.on:
            return Child()
        spare, self._spare = self._spare, None
        if spare is not None and (spare.world != _world() or not spare.lives):
            spare.end()
            spare = None
        return spare or Lent(self, _world())

    def takes(self, child: Lent) -> bool:
        """Keep a child for the next, if there is none."""
        if not self.on or self._spare is not None:
            return False
        self._spare = child
        return True

    def close(self) -> None:
        """End the spare child."""
        if self._spare is not None:
            self._spare.end()
            self._spare = None


def _world() -> object:
    """What a child inherits."""
    variables = {key: value for key, value in os.environ.items() if key not in OF_A_TEST}
    return variables, confinement.environment()
