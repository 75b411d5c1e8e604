"""How ONNX says erfc, in which TensorFlow writes the exact GELU and which tf2onnx does not know."""

from typing import Any

import numpy as np


class _Erfc:
    """erfc(x) = 1 - erf(x), from opset 9 on, in the form in which tf2onnx asks for it."""

    @classmethod
    def version_9(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Put the two operators in the place of the node."""
        name, outputs = node.name, list(node.output)
        shapes, types = node.output_shapes, node.output_dtypes
        one = ctx.make_const(f"{name}_one", np.array(1, np.float32))
        (x,) = node.input
        ctx.remove_node(name)
        erf = ctx.make_node("Erf", [x], name=f"{name}/erf", shapes=shapes, dtypes=types)
        ctx.make_node(
            "Sub",
            [one.output[0], erf.output[0]],
            outputs=outputs,
            name=name,
            shapes=shapes,
            dtypes=types,
        )


def teach_erfc() -> None:
    """Make tf2onnx know the operator, in this process."""
    from tf2onnx.handler import tf_op

    tf_op("Erfc")(_Erfc)
