"""`tf.train.Example` messages: features by name, each a list of bytes, floats or integers.

Read by protobuf, which onnx brings, so that judging a file needs no TensorFlow; fields are those of
`tensorflow/core/example/example.proto` and `feature.proto`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from edgehone.errors import DataError

_LISTS = {"bytes_list": "bytes", "float_list": "float32", "int64_list": "int64"}


def features_of(content: bytes, where: str) -> Mapping[str, Any]:
    """Features by name. Raises DataError for what is no such message."""
    from google.protobuf.message import DecodeError

    try:
        return _example().FromString(content).features.feature  # type: ignore[no-any-return]
    except DecodeError as error:
        raise DataError(
            f"{where} is not a tf.train.Example.", "Write records of serialized examples."
        ) from error


def values_of(feature: Any) -> tuple[str, Any]:
    """What a feature holds: "bytes", "float32" or "int64" ("": nothing), and the list of it."""
    kind = feature.WhichOneof("kind")
    return ("", ()) if kind is None else (_LISTS[kind], getattr(feature, kind).value)


@cache
def _example() -> Any:
    """The class of the message, in a pool of its own: TensorFlow has one of the same name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    form = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="t", syntax="proto3")

    def field(to: Any, name: str, number: int, kind: int, **more: Any) -> None:
        usual = {"label": form.LABEL_OPTIONAL}
        to.field.add(name=name, number=number, type=kind, **{**usual, **more})

    repeated = {"label": form.LABEL_REPEATED}
    feature = descriptor_pb2.DescriptorProto(name="Feature")
    feature.oneof_decl.add(name="kind")
    kinds = {"Bytes": form.TYPE_BYTES, "Float": form.TYPE_FLOAT, "Int64": form.TYPE_INT64}
    for number, (name, kind) in enumerate(kinds.items(), 1):
        field(file.message_type.add(name=f"{name}List"), "value", 1, kind, **repeated)
        of_list = {"type_name": f".t.{name}List", "oneof_index": 0}
        field(feature, f"{name.lower()}_list", number, form.TYPE_MESSAGE, **of_list)
    file.message_type.append(feature)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    field(entry, "key", 1, form.TYPE_STRING)
    field(entry, "value", 2, form.TYPE_MESSAGE, type_name=".t.Feature")
    of_map = {"type_name": ".t.Features.FeatureEntry", **repeated}
    field(features, "feature", 1, form.TYPE_MESSAGE, **of_map)
    example = file.message_type.add(name="Example")
    field(example, "features", 1, form.TYPE_MESSAGE, type_name=".t.Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Example"))
