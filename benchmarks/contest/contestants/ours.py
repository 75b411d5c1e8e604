"""edgehone's search as it is by default, with a slimmable parent for the deep budgets."""

from searching import Searching
from strategies import Ours

NAME = "edgehone"

CONTESTANTS = (Searching(NAME, trained=True, strategy=Ours, parent=True),)
