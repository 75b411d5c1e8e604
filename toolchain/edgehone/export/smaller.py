"""What form of a model is smaller, where a file of integers is larger than the float one."""

from pathlib import Path
from typing import Any

from edgehone import precisions
from edgehone.errors import ConversionError
from edgehone.export.repacking import lean_size
from edgehone.formats._base import Calibration, Format
from edgehone.values import Artifact, PrecisionPlan


def is_larger(form: Format, source: Path, artifact: Artifact) -> bool:
    """Whether an artifact made of the float file `source` is larger than that one repacked."""
    is_float = artifact.default_precision == precisions.FLOAT32
    return not is_float and artifact.size_bytes > lean_size(source, form)


def smallest(form: Format, source: Path, scratch: Path) -> dict[str, Any]:
    """{"precision", "size_bytes"} of the smallest form of the float file `source` that needs no
    calibration, each repacked. scratch: an existing folder.
    """
    sizes = {precisions.FLOAT32: lean_size(source, form)}
    for precision in precisions.that(lambda row: row.offers_less):
        file = scratch / f"smaller{form.SUFFIX}"
        try:
            form.quantize(source, PrecisionPlan(precision), Calibration(()), file)
        except ConversionError:  # this format has none of this model
            continue
        sizes[precision] = lean_size(file, form)
    best = min(sizes, key=lambda name: sizes[name])
    return {"precision": best, "size_bytes": sizes[best]}
