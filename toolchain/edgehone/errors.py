"""The errors a user can meet, each with what happened, what to do next, and an exit code.

EdgehoneError
├── UsageError            2   wrong arguments
├── ConfigError           2   edgehone.toml or budgets.toml cannot be used
├── DataError             2   the data set cannot be used
│   └── UnlabelledError   2   … for it has no targets
├── BudgetsMissedError    1   a run found nothing that keeps the budgets
├── StorageError          2   a file or folder cannot be read or written (full disk, permissions)
├── DeviceError           4   the device is unreachable, lost, or answers nonsense
│   ├── NonsenseError     4   … or answers what cannot be
│   ├── FileMissingError  4   … or lacks a file that was asked for
│   └── NotSetUpError     4   … or has nothing on it that could answer
└── ModelError            5   a model cannot be read
    ├── ConversionError   5   … or not be converted
    ├── ExecutionError    5   … or not be run
    └── VerificationError 5   … or not be verified
"""

from typing import ClassVar


class EdgehoneError(Exception):
    """What went wrong (which thing, got what) and, in `hint`, what to do next."""

    exit_code: ClassVar[int] = 2

    lasting: ClassVar[bool] = False
    """Whether the same request fails again until what it was given is changed."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(EdgehoneError):
    """The command line or an argument is wrong."""

    lasting = True


class ConfigError(EdgehoneError):
    """A configuration or budget file cannot be used."""

    lasting = True


class BudgetsMissedError(EdgehoneError):
    """There is nothing to release: a run ended without a winner."""

    exit_code = 1


class DataError(EdgehoneError):
    """A data set is missing, damaged, or does not fit the model or the task."""

    lasting = True


class UnlabelledError(DataError):
    """A data set has samples alone where targets are needed."""


class StorageError(EdgehoneError):
    """A file or folder cannot be read or written."""


class DeviceError(EdgehoneError):
    """A device cannot be reached, was lost, or gave an answer that cannot be read."""

    exit_code = 4


class NonsenseError(DeviceError):
    """A device's answer has values that cannot be; a note of the error keeps what it said."""


class FileMissingError(DeviceError):
    """A device was reached, but a file that was asked for is not there."""


class NotSetUpError(DeviceError):
    """A device was reached, but `edgehone devices setup` has not been there."""


class ModelError(EdgehoneError):
    """A model cannot be read or analysed."""

    exit_code = 5
    lasting = True


class ConversionError(ModelError):
    """A model cannot be converted to the asked format or precision."""


class ExecutionError(ModelError):
    """A runtime refuses a model or fails while running it."""


class VerificationError(ModelError):
    """A release is not what it says, or not signed by whom it should be."""
