import numpy as np
import pytest
from tests import tflite_files

from edgehone.formats import _flatbuffer
from edgehone.formats._naming import rename_tflite
from edgehone.formats._traced import KerasLayer, KerasNames, layer_of_tensor, token


def keras_layers(content: bytes) -> dict[str, KerasLayer]:
    """The layers a Keras model of this file would have, kernels in Keras's layouts."""
    model = _flatbuffer.parse(content, "test")
    graph = model.subgraphs[0]
    layers = {}
    for operator, spec in zip(graph.operators, tflite_files.SPECS, strict=True):
        kernel = _flatbuffer.float_constant(model, graph.tensors[operator.inputs[1]])
        assert kernel is not None
        name = _flatbuffer.tensor_name(graph.tensors[operator.outputs[0]])
        keras = np.moveaxis(kernel, 0, -1) if spec.kind != "depthwise" else kernel[0, ..., None]
        layers[name] = KerasLayer(f"layer_{name}", (np.ascontiguousarray(keras),))
    return layers


def names_in(content: bytes) -> list[str]:
    graph = _flatbuffer.parse(content, "test").subgraphs[0]
    return [_flatbuffer.tensor_name(graph.tensors[op.outputs[0]]) for op in graph.operators]


def test_rename_finds_layers_by_equal_kernels_whatever_the_tensors_are_called() -> None:
    content = tflite_files.float_content(("Identity_2", "nothing", "Identity"))
    layers = keras_layers(content)
    shuffled = tuple(layers[name] for name in ("Identity", "nothing", "Identity_2"))
    renamed = rename_tflite(content, KerasNames(shuffled, ("x",), ("layer_Identity",)))
    assert names_in(renamed) == ["layer_Identity_2", "layer_nothing", "layer_Identity"]


def test_rename_falls_back_on_tensor_names_and_outputs_without_kernels() -> None:
    content = tflite_files.float_content(
        (f"n/{token(2)}_1/Relu;n/{token(0)}_1/conv", token(1), "Identity")
    )
    layers = tuple(KerasLayer(name) for name in ("a", "b", "c"))
    assert names_in(rename_tflite(content, KerasNames(layers, ("x",), ("c",)))) == ["a", "b", "c"]


def test_rename_gives_one_layer_with_several_operators_distinct_names() -> None:
    content = tflite_files.float_content(
        (f"net/{token(0)}/depth", f"net/{token(0)}/point", "unknown")
    )
    names = KerasNames((KerasLayer("sep"),), ("x",), ("other",))
    assert names_in(rename_tflite(content, names)) == ["sep/CONV_2D", "sep", "other"]


def test_rename_gives_a_signature_and_names_no_tensor_twice() -> None:
    content = tflite_files.float_content(("Identity", "b", "b_1"))
    names = KerasNames((KerasLayer("b"),), ("x",), ("b",))
    model = _flatbuffer.parse(rename_tflite(content, names), "test")
    tensors = [_flatbuffer.tensor_name(tensor) for tensor in model.subgraphs[0].tensors]
    assert len(set(tensors)) == len(tensors)
    (signature,) = model.signatureDefs
    assert signature.signatureKey == b"serving_default"
    assert signature.inputs[0].name == b"x"


def test_rename_gives_equal_kernels_without_names_to_layers_in_order() -> None:
    content = tflite_files.float_content(("p", "q", "r"))
    layer = keras_layers(content)["p"]
    twins = (KerasLayer("one", layer.kernels), KerasLayer("two", layer.kernels))
    assert names_in(rename_tflite(content, KerasNames(twins, ("x",), ("end",))))[0] == "one"


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        (f"functional_1/{token(1)}_1/Relu;functional_1/{token(0)}_1/convolution", "conv"),
        (f"functional/{token(2)}_1_2/convolution", "conv_1"),
        (f"outer/{token(1)}/{token(10)}/MatMul", "inner"),
        ("Identity", None),
        (f"{token(99)}/x", None),
    ],
)
def test_layer_of_tensor_takes_the_innermost_of_the_operation_computed_first(
    tensor: str, layer: str | None
) -> None:
    names = ["conv", "relu", "conv_1", *"abcdefg", "inner"]
    assert layer_of_tensor(tensor, [KerasLayer(name) for name in names]) == layer
