"""What all tests share: this machine's lock is theirs, so that they wait for nobody else's work,
and the programs they start can be interrupted.
"""

import os
import signal
from collections.abc import Iterator

import pytest

from edgehone.devices._host import CHOSEN

for number in (signal.SIGINT, signal.SIGHUP):
    # Ignored ones, as of tests that run behind a shell's "&" or nohup, would be inherited.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


@pytest.fixture(scope="session", autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A lock of this worker's alone, which is what commands started by tests find, too."""
    before = os.environ.get(CHOSEN)
    os.environ[CHOSEN] = str(tmp_path_factory.mktemp("lock") / "lock")
    yield
    if before is None:
        del os.environ[CHOSEN]
    else:
        os.environ[CHOSEN] = before
