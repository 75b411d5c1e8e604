"""What one inference takes through each call that a benchmark could time, in one process."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter

CALLS = 3000
ROUNDS = 5


def invoke(file: str) -> Callable[[], None]:
    """The interpreter's, which edgehone times: its inputs are in place already."""
    interpreter = Interpreter(model_path=file, num_threads=1)
    interpreter.allocate_tensors()
    for port in interpreter.get_input_details():
        interpreter.set_tensor(port["index"], np.zeros(port["shape"], port["dtype"]))
    run: Callable[[], None] = interpreter.invoke
    return run


def compiled(file: str) -> dict[str, Callable[[], None]]:
    """The compiled model's, which litert-benchmark times: by name, and without what Python adds."""
    model = CompiledModel.from_file(file)
    key = next(iter(model.get_signature_list()))
    inputs = {
        name: model.create_input_buffer_by_name(key, name)
        for name in model.get_input_tensor_details(key)
    }
    outputs = {
        name: model.create_output_buffer_by_name(key, name)
        for name in model.get_output_tensor_details(key)
    }
    bare = [{name: buffer.capsule for name, buffer in some.items()} for some in (inputs, outputs)]
    return {
        "CompiledModel.run_by_name": lambda: model.run_by_name(key, inputs, outputs),
        "the same, below its Python": lambda: model._model.RunByName(key, *bare),
    }


def median_us(run: Callable[[], None]) -> float:
    """Median time of a call in microseconds."""
    clock = time.perf_counter_ns
    samples = []
    for _ in range(CALLS):
        start = clock()
        run()
        samples.append(clock() - start)
    return float(np.median(samples)) / 1e3


def main() -> None:
    """Print the least of some medians for every call."""
    for name in sys.argv[1:]:
        calls = {"nothing": lambda: None, "Interpreter.invoke": invoke(name), **compiled(name)}
        found = [{key: median_us(call) for key, call in calls.items()} for _ in range(ROUNDS)]
        for key in calls:
            least = min(each[key] for each in found)
            print(f"{Path(name).stem}: {key}: {least:.2f} µs")


if __name__ == "__main__":
    main()
