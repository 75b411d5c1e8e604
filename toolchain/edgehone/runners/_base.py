"""What a program on a device is to the rest: brought there once, then asked."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehone.devices._base import Transport
from edgehone.runners._sending import send_request
from edgehone.runners.setup.installation import Installation
from edgehone.system.processes import Finished
from edgehone.targets import Target
from edgehone.values import NOTHING, Plain, Progress, silent

PROTOCOL = 2
"""Of the conversation with programs on devices; targets/runner/PROTOCOL.md says what it is."""


@dataclass(frozen=True)
class Supplies:
    """What the user brings for set-up: a built program, and runtime libraries by runtime name."""

    program: Path | None = None
    libraries: Mapping[str, Path] = NOTHING
    progress: Progress = silent


class Runner(ABC):
    """One program that measures on devices; a variant's module name is what targets call it."""

    @abstractmethod
    def install(self, transport: Transport, target: Target, supplies: Supplies) -> Installation:
        """Bring what it needs into edgehone's folder on the device, and nowhere else.

        What is there already is not sent again. Raises DeviceError when the device cannot run it,
        saying what it lacks, and ConfigError when the host cannot provide something.
        """

    def words(self, transport: Transport, installation: Installation) -> Sequence[str]:
        """The words that run it on the device, before the name of a request. Raises DeviceError
        when what is there is out of date.
        """
        return installation.command

    def ask(
        self,
        transport: Transport,
        installation: Installation,
        request: Plain,
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        """Put a request to it: its answer as lines of JSON, perhaps among others.

        `on_line` gets each line as it comes; `overdue` is asked meanwhile whether to give it up.
        """
        words = [*self.words(transport, installation), send_request(transport, request)]
        return transport.run(words, timeout_s=timeout_s, on_line=on_line, overdue=overdue)
