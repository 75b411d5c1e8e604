"""A device heard in a thread ends no listing silently."""

from collections.abc import Callable, Sequence

import pytest

from edgehone import targets
from edgehone.actions.devices.listing import _answers
from edgehone.devices.local import Local
from edgehone.errors import DeviceError
from edgehone.measure.device import Device
from edgehone.system.processes import Finished


class Failing(Local):
    """Runs nothing, and fails in its own way."""

    def __init__(self, error: Exception) -> None:
        super().__init__("")
        self._error = error

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        **others: object,
    ) -> Finished:
        raise self._error


def device(error: Exception) -> Device:
    return Device("board", targets.named("local"), Failing(error))


def test_errors_of_devices_are_rows() -> None:
    (row,) = _answers({"board": device(DeviceError("It is away.", "Fetch it."))})
    assert row["remarks"] == ["It is away.", "Fetch it."]
    assert not row["reachable"]


def test_errors_of_ours_are_raised_where_they_can_be_seen() -> None:
    with pytest.raises(LookupError, match="ours"):
        _answers({"board": device(LookupError("ours"))})
