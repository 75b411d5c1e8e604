"""How a device's outputs differ from those that the same file has here, in a sentence."""

from edgehone.report import numbers
from edgehone.values import Measurement


def parity_line(measurement: Measurement) -> str:
    """Count, size and cause of the differences; "" without any, or where none were looked for."""
    parity = measurement.host_parity or {}
    if not parity.get("different"):
        return ""
    steps, relative = parity.get("largest_steps"), parity.get("largest_relative")
    size = ""
    if steps is not None:
        size = f" by at most {steps} step{'' if steps == 1 else 's'}"
    elif relative is not None:
        size = f" by at most {numbers.percent(relative, 3)} of the largest"
    labels = parity.get("labels_different")
    changed = f", {labels} of {parity['n']} labels" if labels is not None else ""
    text = f"{parity['different']} of {parity['values']} outputs differ from this machine's{size}"
    return f"{text}{changed}: {parity['reason']}"
