"""Optuna's multi-objective search over the same space, with as many trained candidates."""

from searching import Searching
from strategies import CountedOptuna

CONTESTANTS = (Searching("Optuna", trained=True, strategy=CountedOptuna),)
