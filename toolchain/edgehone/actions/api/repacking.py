"""`repack`: a finished file in fewer bytes that computes the same bits."""

from pathlib import Path
from typing import Any

from edgehone.actions import repack as rewriting
from edgehone.actions.api import arguments
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.values import Progress, silent


@public
@explained(
    {
        "file": "a path of a .tflite or .onnx file, or an artifact.",
        "destination": "the file to write, or a folder to write it to.",
    }
)
def repack(
    file: Any, destination: str | Path, *, progress: Progress = silent
) -> rewriting.Repacking:
    """Write the same model in fewer bytes, where that is proven to change nothing.

    Files that edgehone made are repacked already.

    Returns a mapping: "artifact" (the file written), "before" {"size_bytes", "compressed_bytes",
    "sha256"}, "reason" (why it is a copy; "" where it is smaller), "proof" {"kernels", "runs"};
    `path` is that of the file. Raises UsageError for what is not a finished file, ModelError for
    one that cannot be read, ConversionError for one that cannot be proven equal.
    """
    source = arguments.file(file, "file")
    request = rewriting.Request(source, arguments.path(destination, "destination"))
    return rewriting.repack(request, progress)
