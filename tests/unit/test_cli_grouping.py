from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from edgehone.cli.grouping import ungrouped


@dataclass(frozen=True)
class Size:
    """Options that belong together."""

    width: Annotated[int, typer.Option("--width", min=1)]
    height: Annotated[int, typer.Option("--height", min=1)] = 2


def _called(words: list[str]) -> list[object]:
    """What a command gets of these words."""
    seen: list[object] = []

    def command(
        name: Annotated[str, typer.Argument()] = "square",
        *,
        size: Size,
        loud: Annotated[bool, typer.Option("--loud")] = False,
    ) -> None:
        """Draw."""
        seen.extend((name, size, loud))

    app = typer.Typer()
    app.command()(ungrouped(command))
    app(words, standalone_mode=False)
    return seen


@pytest.mark.slow
def test_the_fields_of_a_group_are_options_and_reach_the_command_as_the_group() -> None:
    assert _called(["--width", "3"]) == ["square", Size(3, 2), False]
    assert _called(["box", "--height", "4", "--loud", "--width", "3"]) == ["box", Size(3, 4), True]


def test_a_field_without_a_default_is_required_and_bounds_hold() -> None:
    with pytest.raises(Exception, match="Missing parameter: width"):
        _called(["--height", "3"])
    with pytest.raises(Exception, match=r"greater than or equal to 1|not in the range"):
        _called(["--width", "0"])


def test_every_command_knows_debug_which_is_not_its_own_business() -> None:
    assert _called(["--width", "3", "--debug"]) == ["square", Size(3, 2), False]
