"""NetAdapt (Yang et al. 2018) over the same space and tables."""

from searching import Searching
from strategies import CountedNetAdapt

CONTESTANTS = (Searching("NetAdapt", trained=True, strategy=CountedNetAdapt),)
