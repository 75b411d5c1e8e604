"""TensorFlow functions that stand in models of Keras 2 as layers, and what Keras 3 calls them."""

from collections.abc import Callable, Mapping
from typing import Any

from edgehone.graph import backend

Function = Callable[..., Any]


def _unary(op: str) -> Function:
    def run(x: Any = None, name: Any = None, features: Any = None) -> Any:
        return getattr(backend.keras().ops, op)(features if x is None else x)

    return run


def _binary(op: str) -> Function:
    def run(x: Any, y: Any, name: Any = None) -> Any:
        return getattr(backend.keras().ops, op)(x, y)

    return run


def _reduction(op: str) -> Function:
    def run(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: Any = None) -> Any:
        return getattr(backend.keras().ops, op)(input_tensor, axis=axis, keepdims=keepdims)

    return run


def _softmax(logits: Any, axis: Any = None, name: Any = None) -> Any:
    return backend.keras().ops.softmax(logits, axis=-1 if axis is None else axis)


def _log_softmax(logits: Any, axis: Any = None, name: Any = None) -> Any:
    return backend.keras().ops.log_softmax(logits, axis=-1 if axis is None else axis)


def _swish(features: Any, beta: float = 1.0, name: Any = None) -> Any:
    keras = backend.keras()
    return (
        keras.ops.silu(features) if beta == 1.0 else features * keras.ops.sigmoid(beta * features)
    )


def _gelu(features: Any, approximate: bool = False, name: Any = None) -> Any:
    return backend.keras().ops.gelu(features, approximate=approximate)


def _leaky_relu(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
    return backend.keras().ops.leaky_relu(features, negative_slope=alpha)


def _clip(t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    return backend.keras().ops.clip(t, clip_value_min, clip_value_max)


def _concat(values: Any, axis: int, name: Any = None) -> Any:
    return backend.keras().ops.concatenate(values, axis=axis)


def _stack(values: Any, axis: int = 0, name: Any = None) -> Any:
    return backend.keras().ops.stack(values, axis=axis)


def _reshape(tensor: Any, shape: Any, name: Any = None) -> Any:
    return backend.keras().ops.reshape(tensor, tuple(int(size) for size in shape))


def _transpose(a: Any, perm: Any = None, conjugate: bool = False, name: Any = None) -> Any:
    axes = None if perm is None else tuple(int(axis) for axis in perm)
    return backend.keras().ops.transpose(a, axes)


def _expand(input: Any, axis: Any = None, name: Any = None) -> Any:  # noqa: A002 TensorFlow's name
    return backend.keras().ops.expand_dims(input, axis)


def _squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:  # noqa: A002 TensorFlow's name
    one = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    return backend.keras().ops.squeeze(input, one)


def _cast(x: Any, dtype: Any, name: Any = None) -> Any:
    return backend.keras().ops.cast(x, dtype)


def _matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: Any = None
) -> Any:
    ops = backend.keras().ops
    left = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(left, ops.swapaxes(b, -1, -2) if transpose_b else b)


def _normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None) -> Any:
    ops = backend.keras().ops
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(total, epsilon))


def _pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    constant_values: Any = 0,
    name: Any = None,
) -> Any:
    widths = tuple((int(before), int(after)) for before, after in paddings)
    ops = backend.keras().ops
    if mode.upper() == "CONSTANT":
        return ops.pad(tensor, widths, "constant", constant_values=constant_values)
    return ops.pad(tensor, widths, mode.lower())


def _slice(tensor: Any, slice_spec: Any, var: Any = None) -> Any:
    return tensor[tuple(slice_spec) if isinstance(slice_spec, list | tuple) else slice_spec]


def _identity(input: Any, name: Any = None) -> Any:  # noqa: A002 TensorFlow's name
    return input


def _difference(x: Any, y: Any, name: Any = None) -> Any:
    return backend.keras().ops.square(x - y)


def _cut(input_: Any, begin: Any, size: Any, name: Any = None) -> Any:
    spans = ((int(b), int(n)) for b, n in zip(begin, size, strict=True))
    return input_[tuple(slice(b, None if n < 0 else b + n) for b, n in spans)]


FUNCTIONS: Mapping[str, Function] = {
    **{
        f"{space}{name}": _binary(name)
        for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")
        for space in ("math.", "")
    },
    "__operators__.add": _binary("add"),
    "math.truediv": _binary("divide"),
    "math.pow": _binary("power"),
    "pow": _binary("power"),
    "math.squared_difference": _difference,
    **{
        f"{space}{name}": _unary(name)
        for name in ("square", "sqrt", "exp", "abs", "sigmoid", "tanh", "negative", "sin", "cos")
        for space in ("math.", "")
    },
    **{f"math.{name}": _unary(name) for name in ("rsqrt", "log", "log1p", "softplus")},
    **{f"nn.{name}": _unary(name) for name in ("relu", "relu6", "elu", "selu", "sigmoid", "tanh")},
    **{f"nn.{name}": _unary(name) for name in ("softplus", "softsign")},
    **dict.fromkeys(("nn.silu", "nn.swish"), _swish),
    "nn.gelu": _gelu,
    "nn.leaky_relu": _leaky_relu,
    **dict.fromkeys(("nn.softmax", "math.softmax"), _softmax),
    "nn.log_softmax": _log_softmax,
    **{f"math.reduce_{name}": _reduction(name) for name in ("mean", "sum", "max", "min", "prod")},
    "math.reduce_std": _reduction("std"),
    "math.reduce_variance": _reduction("var"),
    **{f"{space}.l2_normalize": _normalize for space in ("math", "nn", "linalg")},
    "linalg.matmul": _matmul,
    "clip_by_value": _clip,
    "concat": _concat,
    "stack": _stack,
    "reshape": _reshape,
    "transpose": _transpose,
    "expand_dims": _expand,
    "squeeze": _squeeze,
    "cast": _cast,
    "pad": _pad,
    **dict.fromkeys(("identity", "stop_gradient"), _identity),
    "__operators__.getitem": _slice,
    "slice": _cut,
}
"""By the name under which tf_keras keeps them in a model, with TensorFlow's own parameters. A file
may name any function of TensorFlow, those that write files too: only these are ever called."""


def function(name: str) -> Function | None:
    """What stands for a function of TensorFlow, which some releases called compat.v1.…; None when
    nothing does.
    """
    return FUNCTIONS.get(name.removeprefix("compat.v1."))
