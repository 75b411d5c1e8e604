"""The recipes of litert-quantizer on a float .tflite file."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from litert_quantizer import quantizer, recipe


def main() -> None:
    """Call: python quantizer_recipes.py QUESTION ANSWER; {"model", "calibration", …}."""
    question, answer = map(Path, sys.argv[1:])
    asked = json.loads(question.read_text())
    found, refused = [], {}
    for name in asked["recipes"]:
        path = Path(asked["folder"]) / f"{name}.tflite"
        try:
            write(asked["model"], name, np.load(asked["calibration"]), path)
        except (KeyError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            refused[name] = f"{type(error).__name__}: {error}"
            continue
        found.append({"name": name, "path": str(path), "precision": name})
    answer.write_text(json.dumps({"files": found, "refused": refused}))


def write(model: str, name: str, samples: Any, path: Path) -> None:
    """The file that a recipe makes."""
    made = quantizer.Quantizer(model)
    made.load_quantization_recipe(getattr(recipe, name)())
    ranges = made.calibrate(signatures(model, samples)) if made.need_calibration else None
    path.write_bytes(made.quantize(ranges).quantized_model)


def signatures(model: str, samples: Any) -> dict[str, list[dict[str, Any]]]:
    """The samples by the name of the model's input, under its signature."""
    from ai_edge_litert.interpreter import Interpreter

    runners = Interpreter(model_path=model)
    (signature, names), *_ = runners.get_signature_list().items()
    return {signature: [{names["inputs"][0]: sample[None]} for sample in samples]}


if __name__ == "__main__":
    main()
