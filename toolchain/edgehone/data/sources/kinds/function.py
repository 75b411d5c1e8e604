"""A user's function, "python:module:function", and what it returns."""

from pathlib import Path

from edgehone.data.sources._base import Raw
from edgehone.data.sources.functions import by_name
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.named import named
from edgehone.errors import DataError
from edgehone.system.user_code import call, is_reference


class Function(Source):
    """Arrays by name, pairs of them, or what gives batches of them."""

    def takes(self, source: str, path: Path) -> bool:
        """A reference."""
        return is_reference(source)

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """What the function returns, called without arguments."""
        found = by_name(call(source, (), DataError), source, request.how.limit)
        return named(found, source, request.needed)
