"""Files mapped into memory, whose pages can be given back."""

import mmap
from typing import Any

from numpy.typing import NDArray

_DROP = getattr(mmap, "MADV_DONTNEED", None)
"""Linux's and macOS's; elsewhere the system alone decides when pages leave."""


class FileMap(mmap.mmap):
    """A private map of a whole file, of which nothing but arrays that are read is made: what is
    written to them is lost when pages are given back.
    """


def give_back(x: NDArray[Any]) -> None:
    """Let the pages of the FileMap that an array looks into leave this process; they are read again
    when they are looked at. Nothing for other arrays.
    """
    found: Any = x
    while not isinstance(found, FileMap):
        found = found.obj if isinstance(found, memoryview) else getattr(found, "base", None)
        if found is None:
            return
    if _DROP is not None:
        found.madvise(_DROP)
