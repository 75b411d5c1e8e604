"""Which texts a configuration may hold: those that a system takes as a path or a name."""

from pydantic import AfterValidator


def _without_null(text: str) -> str:
    if "\0" in text:
        raise ValueError("the text holds a null byte, which no path and no name has")
    return text


usable = AfterValidator(_without_null)
"""Refuses null bytes, at which systems end every text."""
