"""Progress of a study: a line on stderr for every stage that begins."""

import sys

from edgehone.values import Event


class Lines:
    """A `Progress` that says what is being done."""

    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, event: Event, /) -> None:
        """Write a line when the stage is another one."""
        if event.stage != self._stage:
            self._stage = event.stage
            sys.stderr.write(f"{event.stage} {event.text}".rstrip() + "\n")
