"""React Native: a TypeScript wrapper over react-native-fast-tflite."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.export.apps._base import Kit, Platform


class ReactNative(Platform):
    """An npm package of the app's workspace, with the model among its assets."""

    TITLE: ClassVar[str] = "React Native"
    MODEL: ClassVar[str] = "assets/model"
    GOLDEN: ClassVar[str] = "assets/golden.bin"
    ABIS: ClassVar[tuple[str, ...]] = ("arm64-v8a", "armeabi-v7a", "x86_64")

    def steps(self, kit: Kit) -> Sequence[str]:
        """Npm, and the app's own project."""
        return (
            "In the app: `npm install ./react-native react-native-fast-tflite "
            "react-native-nitro-modules`, and 'tflite' among Metro's asset endings, as "
            "`metro.config.js` here has it.",
            "`npm install && npm test`: the type check. `src/golden.ts` compares the golden "
            "samples on the device: call it from the app's end-to-end test, and log what it "
            "returns.",
        )
