"""ONNX Runtime's static quantization of a float .onnx file, weights by tensor and by channel."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process


class Reader(CalibrationDataReader):  # type: ignore[misc] # onnxruntime has no types
    """One sample after another."""

    def __init__(self, name: str, samples: Any) -> None:
        self._samples: Iterator[Any] = ({name: sample[None]} for sample in samples)

    def get_next(self) -> Any:
        """The next sample, None after the last."""
        return next(self._samples, None)


def main() -> None:
    """Call: python onnx_static.py QUESTION ANSWER; {"model", "calibration", "folder"}."""
    question, answer = map(Path, sys.argv[1:])
    asked = json.loads(question.read_text())
    folder, samples = Path(asked["folder"]), np.load(asked["calibration"])
    ready = folder / "ready.onnx"
    quant_pre_process(asked["model"], str(ready), skip_symbolic_shape=True)
    name = onnx.load(str(ready)).graph.input[0].name
    found = []
    for label, per_channel in (("by tensor", False), ("by channel", True)):
        path = folder / f"{label.replace(' ', '-')}.onnx"
        quantize_static(
            str(ready),
            str(path),
            Reader(name, samples),
            quant_format=QuantFormat.QDQ,
            per_channel=per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        found.append({"name": f"int8 {label}", "path": str(path), "precision": "int8"})
    answer.write_text(json.dumps({"files": found}))


if __name__ == "__main__":
    main()
