"""What runs files of a user's own format: a file of Python that goes to the device with them."""

from pathlib import Path

from edgehone.runners.runtimes._base import Runtime


class OwnRuntime(Runtime):
    """The class Session in `session`, for files that end in `suffix`."""

    def __init__(self, suffix: str, session: Path) -> None:
        self.RUNTIME = suffix.removeprefix(".")
        self.SUFFIXES = (suffix,)
        self.SESSION = session

    def hint(self, message: str) -> str:
        """What a user can do about an error the session reported."""
        if "session of this format" in message:
            return f"Try {self.SESSION} by itself with the Python of the device."
        return f"See what {self.SESSION} does with the file."
