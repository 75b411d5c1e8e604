"""How a grant becomes a recipe of litert-quantizer, and that a quantized file."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats._interpreter import quietly
from edgehone.formats._ranges import Moments, Ranges
from edgehone.formats._tflite.algorithms import ALGORITHMS, INTEGER
from edgehone.formats._tflite.grant import FOUR_BIT_OPERATORS, Choice, Grant
from edgehone.precisions import FLOAT32, named

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED")
"""Operators with kernels, as the quantizer spells them."""

_LAST_WORD = "(.*)"
"""A scope of everything that, unlike ".*", is looked at after those of single layers."""

_QUANTIZER_ERRORS = (
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def quantized(
    content: bytes, granted: Grant, ranges: Ranges | None, moments: Moments | None = None
) -> bytes:
    """The quantized file's content. Raises ConversionError when the quantizer gives up."""
    from litert_quantizer.quantizer import Quantizer

    try:
        with quietly():
            quantizer = Quantizer(content)
            _write_recipe(quantizer, granted)
            result = quantizer.quantize(
                _statistics(ranges, moments),
                enable_progress_bar=False,
                enable_progress_report=False,
            )
    except _QUANTIZER_ERRORS as error:
        raise ConversionError(
            f"litert-quantizer cannot make {granted.default.precision} of this model: {error}",
            "Try another precision or algorithm, or leave the layer it names in float32.",
        ) from error
    return bytes(result.quantized_model)


def _statistics(ranges: Ranges | None, moments: Moments | None) -> dict[str, Any] | None:
    """Ranges and moments as the quantizer reads them. GPTQ changes its Hessian, so it is new each
    time: 2 X'X / rows (Frantar et al. 2022, section 3).
    """
    if ranges is None and moments is None:
        return None
    found: dict[str, dict[str, Any]] = {name: dict(each) for name, each in (ranges or {}).items()}
    for name, moment in (moments or {}).items():
        if name not in found and ranges is not None:
            continue
        found.setdefault(name, {}).update(
            hessian=2 * moment, mu2=np.diag(moment).copy(), num_samples=1
        )
    return found


def _write_recipe(quantizer: Any, granted: Grant) -> None:
    from litert_quantizer.qtyping import TFLOperationName

    if granted.default.precision != FLOAT32:
        _add(quantizer, ".*", granted.default)
    if granted.inputs != granted.default.precision:
        inputs = replace(granted.default, precision=granted.inputs)
        _add_border(quantizer, TFLOperationName.INPUT, inputs, ".*")
    for layer, choice in granted.layers.items():
        _add(quantizer, f"^{re.escape(layer)}(/[^;]*)?;", choice)
    for layer in granted.per_tensor:
        choice = granted.layers.get(layer, granted.default)
        _add_per_tensor(quantizer, f"^{re.escape(layer)}(/[^;]*)?;", choice)
    _keep_float(quantizer, granted)
    if granted.io:
        border = replace(granted.default, precision=granted.io)
        _add_border(quantizer, TFLOperationName.INPUT, border, _LAST_WORD)
        _add_border(quantizer, TFLOperationName.OUTPUT, border, _LAST_WORD)


def _keep_float(quantizer: Any, granted: Grant) -> None:
    """Operators and borders that the plan cannot have; the quantizer knows the inputs, and the
    outputs, as one operator each (`edgehone.formats._tflite.repair` parts them).
    """
    from litert_quantizer.qtyping import TFLOperationName

    in_float = replace(granted.default, precision=FLOAT32)
    for name in granted.kept.nodes:
        _add(quantizer, f"^{re.escape(name)};", in_float)
    if granted.kept.inputs:
        _add_border(quantizer, TFLOperationName.INPUT, in_float, _LAST_WORD)
    if granted.kept.outputs:
        _add_border(quantizer, TFLOperationName.OUTPUT, in_float, _LAST_WORD)


def _add_per_tensor(quantizer: Any, scope: str, choice: Choice) -> None:
    """Ask for one scale for all weights of a FULLY_CONNECTED."""
    from litert_quantizer.qtyping import QuantGranularity, TFLOperationName

    config = _static(choice, 8, QuantGranularity.TENSORWISE)
    quantizer.update_quantization_recipe(scope, TFLOperationName.FULLY_CONNECTED, config)


def _add_border(quantizer: Any, border: Any, choice: Choice, scope: str) -> None:
    if named(choice.precision).static:
        quantizer.update_quantization_recipe(scope, border, _static(choice, 8))
    else:
        quantizer.update_quantization_recipe(scope, border, algorithm_key="no_quantize")


def _add(quantizer: Any, scope: str, choice: Choice) -> None:
    """Ask for a choice wherever the names of an operator's results match `scope`."""
    from litert_quantizer.qtyping import TFLOperationName

    everything = TFLOperationName.ALL_SUPPORTED
    precision = named(choice.precision)
    if precision.static:
        quantizer.update_quantization_recipe(scope, everything, _static(choice, 8))
    else:
        quantizer.update_quantization_recipe(scope, everything, algorithm_key="no_quantize")
    for kind in WEIGHTED if precision.name != FLOAT32 else ():
        four = kind in FOUR_BIT_OPERATORS
        if four or precision.fallback != FLOAT32:
            _add_weights(quantizer, scope, choice, TFLOperationName(kind), four=four)


def _add_weights(quantizer: Any, scope: str, choice: Choice, kind: Any, *, four: bool) -> None:
    """Ask for the weights of one kind of operator; `four`: whether it has 4-bit kernels."""
    from litert_quantizer.qtyping import QuantGranularity

    algorithm = ALGORITHMS[choice.algorithm if choice.precision in INTEGER else "min_max"]
    key = algorithm.key if kind.value in algorithm.operators else ALGORITHMS["min_max"].key
    blocks = choice.block and kind.value == "FULLY_CONNECTED"
    size = f"BLOCKWISE_{choice.block}" if blocks else "CHANNELWISE"
    precision = named(choice.precision)
    bits = precision.weight_bits if four else max(precision.weight_bits, 8)
    match precision.computes:
        case "float":
            key = "float_casting" if precision.float_weights else key
            quantizer.add_weight_only_config(scope, kind, bits, algorithm_key=key)
        case "dynamic":
            granularity = QuantGranularity(size)
            quantizer.add_dynamic_config(scope, kind, bits, granularity, algorithm_key=key)
        case "integer":
            if bits != 8 or key != ALGORITHMS["min_max"].key:
                config = _static(choice, bits)
                quantizer.update_quantization_recipe(scope, kind, config, algorithm_key=key)


def _static(choice: Choice, weight_bits: int, granularity: Any = None) -> Any:
    """Integer activations and weights; LiteRT's 16-bit kernels know symmetric activations only."""
    from litert_quantizer import qtyping

    bits = named(choice.precision).activation_bits
    symmetric = choice.symmetric or bits == 16
    channels = granularity or qtyping.QuantGranularity.CHANNELWISE
    return qtyping.OpQuantizationConfig(
        activation_tensor_config=qtyping.TensorQuantizationConfig(bits, symmetric=symmetric),
        weight_tensor_config=qtyping.TensorQuantizationConfig(weight_bits, granularity=channels),
        compute_precision=qtyping.ComputePrecision.INTEGER,
    )
