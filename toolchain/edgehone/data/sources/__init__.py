"""Where data comes from: an .npz file, a folder of class folders of images, or a function."""

from edgehone.data.sources._base import NAMES, SPLITS, Array, Raw, Shape
from edgehone.data.sources.folders import read_images
from edgehone.data.sources.reading import arrays_of, read

__all__ = ["NAMES", "SPLITS", "Array", "Raw", "Shape", "arrays_of", "read", "read_images"]
