"""Signal to noise of all outputs together, as a plain reference: what the quantizers' tests ask."""

from typing import Any

import numpy as np


def power_db(reference: Any, outputs: Any) -> Any:
    """10 log10 of the power of (n, …) over that of the difference; None where there is none."""
    wanted, found = np.asarray(reference, np.float64), np.asarray(outputs, np.float64)
    noise = float(((found - wanted) ** 2).sum())
    return 10 * float(np.log10((wanted**2).sum() / noise)) if noise else None
