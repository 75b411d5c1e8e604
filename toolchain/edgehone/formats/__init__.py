"""Deployable file formats, one a file: converted, quantized, audited, run."""

from edgehone.formats._audit import audit, contents
from edgehone.formats._finding import (
    USUAL,
    any_of,
    known,
    load,
    mention,
    names,
    of_file,
    of_suffix,
    suffixes,
)
from edgehone.formats._labels import precision

__all__ = [
    "USUAL",
    "any_of",
    "audit",
    "contents",
    "known",
    "load",
    "mention",
    "names",
    "of_file",
    "of_suffix",
    "precision",
    "suffixes",
]
