"""Where data comes from: arrays, tables, folders of images or audio, records, or a function."""

from edgehone.data.sources._base import (
    NAMES,
    PLAIN,
    SPLITS,
    Array,
    Feature,
    Raw,
    Reading,
    Shape,
)
from edgehone.data.sources.archives import arrays_of
from edgehone.data.sources.folders import read_images
from edgehone.data.sources.reading import read

__all__ = [
    "NAMES",
    "PLAIN",
    "SPLITS",
    "Array",
    "Feature",
    "Raw",
    "Reading",
    "Shape",
    "arrays_of",
    "read",
    "read_images",
]
