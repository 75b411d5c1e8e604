"""What every runtime promises: it has a name and endings of its own, and advice for any error."""

import pytest

from edgehone.runners.runtimes._base import Runtime
from edgehone.system import variants

NAMES = variants.names("edgehone.runners.runtimes", Runtime)


@pytest.mark.parametrize("name", NAMES)
def test_runtime_has_a_hint_for_every_error(name: str) -> None:
    runtime = variants.load("edgehone.runners.runtimes", Runtime, name)()
    errors = ("x is not installed", "the time limit was reached", "whatever", "Flex", "opset 99")
    assert all(runtime.hint(error).endswith(".") for error in errors)
    assert "pip install" in runtime.hint("x is not installed")


def test_runtimes_take_endings_of_their_own() -> None:
    runtimes = [variants.load("edgehone.runners.runtimes", Runtime, name)() for name in NAMES]
    endings = [suffix for runtime in runtimes for suffix in runtime.SUFFIXES]
    assert len(endings) == len(set(endings))
    assert all(ending.startswith(".") for ending in endings)
    assert len({runtime.RUNTIME for runtime in runtimes}) == len(runtimes)
