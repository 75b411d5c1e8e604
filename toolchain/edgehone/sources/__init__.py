"""Where data comes from: an .npz file, a folder of class folders of images, or a function."""

from edgehone.sources._base import NAMES, SPLITS, Array, Raw, Shape
from edgehone.sources.reading import arrays_of, read

__all__ = ["NAMES", "SPLITS", "Array", "Raw", "Shape", "arrays_of", "read"]
