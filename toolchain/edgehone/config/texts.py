"""Which texts a configuration may hold: those that can be seen, and named in a message."""

from pydantic import AfterValidator


def _visible(text: str) -> str:
    if not text.isprintable():
        raise ValueError("the text holds a character that cannot be seen, such as a line break")
    return text


visible = AfterValidator(_visible)
"""Refuses line breaks, tabs, null bytes and other control characters."""
