"""Lists the compression techniques that recipes are made of."""

from typing import Any

from edgehone.documents import plain


def techniques(name: str | None = None) -> list[dict[str, Any]]:
    """Every technique, or the one of this name, which may be "python:module:Class": {"name",
    "summary", "description", "trains", "settings"}. Raises UsageError that names the known ones.
    """
    from edgehone.compress.recipe.catalogue import catalogue, entry

    return list(plain(catalogue() if name is None else [entry(name)]))
