"""The programs that speak the protocol, for the suites that hold them to it."""

import pytest
from tests.speakers import SPEAKERS, Speaker


@pytest.fixture(scope="session", params=SPEAKERS)
def program(request: pytest.FixtureRequest) -> Speaker:
    """Each program in turn."""
    return SPEAKERS[request.param]()
