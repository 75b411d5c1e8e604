"""Data sets: three checked splits of samples as the model takes them, and what belongs to each."""

from edgehone.data.bundled import DIGITS
from edgehone.data.dataset import HELD_OUT, DataSet, Split, bundled_digits, load
from edgehone.data.evaluation import Evaluation, load_evaluation
from edgehone.data.labels import text_labels
from edgehone.data.samples import Samples, load_samples, samples_of
from edgehone.data.settings import DataSettings, Wanted
from edgehone.data.sources import Feature, Reading
from edgehone.data.splitting import Drawing, SplitSummary
from edgehone.system.numbers import Array, Shape

__all__ = [
    "DIGITS",
    "HELD_OUT",
    "Array",
    "DataSet",
    "DataSettings",
    "Drawing",
    "Evaluation",
    "Feature",
    "Reading",
    "Samples",
    "Shape",
    "Split",
    "SplitSummary",
    "Wanted",
    "bundled_digits",
    "load",
    "load_evaluation",
    "load_samples",
    "samples_of",
    "text_labels",
]
