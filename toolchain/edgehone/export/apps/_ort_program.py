"""A program of its own: makes an .ort file of an .onnx one, and lists the operators it needs.

Arguments: the .onnx file, the .ort file, the list.
"""

import sys
from pathlib import Path

from edgehone.export.apps._ort_bytes import in_order


def main(source: str, result: str, needed: str) -> None:
    """Optimize as far as is not for one processor alone, save, and list what is left."""
    import onnxruntime
    from onnxruntime.tools.ort_format_model import create_config_from_models

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = result
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    Path(result).write_bytes(in_order(Path(result).read_bytes()))
    create_config_from_models([Path(result)], Path(needed), False)


if __name__ == "__main__":
    main(*sys.argv[1:4])
