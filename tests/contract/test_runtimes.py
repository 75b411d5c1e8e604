"""What every runner promises: it has a name and endings of its own, and advice for any error."""

import pytest

from edgehone import variants
from edgehone.runtimes._base import Runner

NAMES = variants.names("edgehone.runtimes", Runner)


@pytest.mark.parametrize("name", NAMES)
def test_runner_has_a_hint_for_every_error(name: str) -> None:
    runner = variants.load("edgehone.runtimes", Runner, name)()
    errors = ("x is not installed", "the time limit was reached", "whatever", "Flex", "opset 99")
    assert all(runner.hint(error).endswith(".") for error in errors)
    assert "pip install" in runner.hint("x is not installed")


def test_runners_take_endings_of_their_own() -> None:
    runners = [variants.load("edgehone.runtimes", Runner, name)() for name in NAMES]
    endings = [suffix for runner in runners for suffix in runner.SUFFIXES]
    assert len(endings) == len(set(endings))
    assert all(ending.startswith(".") for ending in endings)
    assert len({runner.RUNTIME for runner in runners}) == len(runners)
