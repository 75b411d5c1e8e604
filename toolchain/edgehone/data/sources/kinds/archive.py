"""An .npz file of arrays."""

from pathlib import Path

from edgehone.data.sources._base import Raw
from edgehone.data.sources.archives import arrays_of
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.named import KNOWN, named


class Archive(Source):
    """x, y, or x_train, y_train, …; large arrays that are not packed stay in the file."""

    def takes(self, source: str, path: Path) -> bool:
        """An .npz file."""
        return path.suffix == ".npz" and not path.is_dir()

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Its arrays."""
        return named(arrays_of(path, KNOWN), source, request.needed)
