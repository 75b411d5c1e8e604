"""Browsers: a TypeScript wrapper over LiteRT.js or ONNX Runtime Web."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.errors import ConversionError
from edgehone.export.apps._base import Kit, Platform


class Web(Platform):
    """An npm package whose model is served with the page."""

    TITLE: ClassVar[str] = "the web"
    FORMATS: ClassVar[tuple[str, ...]] = ("tflite", "onnx")
    MODEL: ClassVar[str] = "public/model"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "uint8", "int32")
    ABIS: ClassVar[tuple[str, ...]] = ("wasm",)

    def steps(self, kit: Kit) -> Sequence[str]:
        """Npm."""
        serve = "Serve `public/` with the page"
        if kit.app.model.format == "tflite":
            serve += ", and the folder `wasm` of `node_modules/@litertjs/core` as `/wasm/`"
        return (
            "`npm install && npm test`: the type check and the golden test, in Node.",
            serve + ".",
        )

    def require(self, kit: Kit) -> None:
        """LiteRT.js has no tensors of int8."""
        super().require(kit)
        for port in kit.app.ports:
            if kit.app.model.format == "tflite" and port.dtype == "int8":
                raise ConversionError(
                    f"{kit.app.model.file} has int8 at {port.name!r}, and LiteRT.js has no tensors "
                    "of int8.",
                    "Export the model again with --io float32, or as ONNX.",
                )

    def leaves_out(self, kit: Kit) -> Sequence[str]:
        """What LiteRT.js alone needs."""
        return ("test/node.mjs",) if kit.app.model.format == "onnx" else ()
