"""The handwritten digits that come with the package."""

from pathlib import Path

DIGITS = "digits"
"""The word that names the bundled data."""


def place_of(source: str) -> str:
    """A source as `sources.read` takes it: the bundled digits are a file."""
    bundled = Path(__file__).parent / "digits" / "digits.npz"
    return str(bundled) if source == DIGITS else source
