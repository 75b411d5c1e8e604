"""A folder of class folders of images, alone or one for each split."""

from pathlib import Path
from typing import ClassVar

from edgehone.data.sources._base import Raw
from edgehone.data.sources.folders import read_folder
from edgehone.data.sources.kinds._base import Request, Source


class Images(Source):
    """Images as `keras.utils.image_dataset_from_directory` reads them."""

    ORDER: ClassVar[int] = 9

    def takes(self, source: str, path: Path) -> bool:
        """Any folder that no other kind takes."""
        return path.is_dir()

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """Images in the size that the model takes, labelled by their folders."""
        return read_folder(path, request.shape, request.dtype, request.how.classes)
