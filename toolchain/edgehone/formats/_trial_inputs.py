"""Inputs that a .tflite file surely takes: zeros, and within bounds where operators have such."""

from typing import Any

import numpy as np

from edgehone.formats._base import Array
from edgehone.formats._takes import stored, takes
from edgehone.formats._tflite.takes import TFLiteView


def trial_inputs(interpreter: Any, model: Any) -> list[tuple[int, Array]]:
    """For each input of an interpreter that is ready to run, its index and numbers as stored.

    An input takes the least number that every operator which reads it allows
    (`edgehone.formats._takes`), else what stands for 0.
    """
    view = TFLiteView(model)
    found = []
    for detail in interpreter.get_input_details():
        scale, zero_point = detail["quantization"]
        port = {"scale": scale, "zero_point": zero_point}
        bounds = stored(takes(view, f"0:{detail['index']}"), port)
        low = [int(zero_point)] if bounds is None else bounds["low"]
        size = int(np.prod(detail["shape"], dtype=np.int64))
        values = np.resize(np.asarray(low), size).astype(detail["dtype"])
        found.append((int(detail["index"]), values.reshape(detail["shape"])))
    return found
