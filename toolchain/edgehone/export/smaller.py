"""What form of a model is smaller, where a file of integers is larger than the float one."""

from pathlib import Path
from typing import Any

from edgehone.errors import ConversionError
from edgehone.formats._base import Calibration, Format
from edgehone.values import Artifact, BitPlan

FORMS = ("float16", "dynamic8")
"""Precisions that need no calibration, beside float32."""


def smaller(form: Format, source: Path, artifact: Artifact, scratch: Path) -> dict[str, Any] | None:
    """{"precision", "size_bytes"} of the smallest form of the float file `source` where the
    artifact made of it is larger; None where it is not. scratch: an existing folder.
    """
    sizes = {"float32": source.stat().st_size}
    if artifact.size_bytes <= sizes["float32"] or artifact.default_precision == "float32":
        return None
    for precision in FORMS:
        file = scratch / f"smaller{form.SUFFIX}"
        try:
            form.quantize(source, BitPlan(precision), Calibration(()), file)
        except ConversionError:  # this format has none of this model
            continue
        sizes[precision] = file.stat().st_size
    best = min(sizes, key=lambda name: sizes[name])
    return {"precision": best, "size_bytes": sizes[best]}
