"""Browsers: a TypeScript wrapper over LiteRT.js or ONNX Runtime Web."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone import formats
from edgehone.export.apps._base import Kit, Platform


class Web(Platform):
    """An npm package whose model is served with the page."""

    TITLE: ClassVar[str] = "the web"
    FORMATS: ClassVar[tuple[str, ...]] = ("tflite", "onnx")
    MODEL: ClassVar[str] = "public/model"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "uint8", "int32")
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

    def adapted(self, kit: Kit) -> bytes:
        """With float32 borders where they are int8: LiteRT.js has no tensors of that type."""
        if "int8" not in [each.dtype for each in kit.app.ports]:
            return kit.content
        return formats.load(kit.app.model.format).with_borders(kit.content, "float32")

    def leaves_out(self, kit: Kit) -> Sequence[str]:
        """What LiteRT.js alone needs."""
        return ("test/node.mjs",) if kit.app.model.format == "onnx" else ()
