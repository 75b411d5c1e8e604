"""The terminal, or what else reads stdout: no printed text moves its cursor or fakes a line."""

from typing import Any

from rich.console import Console

from edgehone.system.visible import visible


class Terminal(Console):
    """A console that shows control characters in texts as escapes. Ends of lines are its own: each
    text it is given is one paragraph.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts so that nothing in them acts on the terminal; anything else as it is."""
        shown = (visible(each) if isinstance(each, str) else each for each in objects)
        super().print(*shown, **options)
