"""A comparison of two files in one sentence."""

from edgehone.documents import measurements_of
from edgehone.report import numbers
from edgehone.report.rows import rows_of_files
from edgehone.values import Plain


def sentence(comparison: Plain) -> str:
    """A comparison's document in words: "faster: a takes 0.43 times the time of b (99 % …).".

    Of files with the same content, which are not measured, the reason says it.
    """
    if comparison["verdict"] == "same" and not comparison["pairs"]:
        return f"same: {comparison['reason']}."
    first, second = (row.name for row in rows_of_files(measurements_of(comparison)))
    low, high = (numbers.figures(bound) for bound in comparison["ci95"])
    reason = f", {comparison['reason']}" if comparison["reason"] else ""
    return (
        f"{comparison['verdict']}: {first} takes {numbers.figures(comparison['ratio'])} times the "
        f"time of {second} (99 % interval {low} to {high}, {comparison['pairs']} pairs{reason})."
    )
