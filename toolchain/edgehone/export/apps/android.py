"""Android: a Gradle module in Kotlin over LiteRT's CompiledModel."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.export.apps._base import Kit, Platform


class Android(Platform):
    """A library module with the model in its assets; LiteRT has no way to write uint8."""

    TITLE: ClassVar[str] = "Android"
    MODEL: ClassVar[str] = "model/src/main/assets/model"
    GOLDEN: ClassVar[str] = "model/src/androidTest/assets/golden.bin"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "int32")
    ABIS: ClassVar[tuple[str, ...]] = ("arm64-v8a", "armeabi-v7a", "x86_64")

    def steps(self, kit: Kit) -> Sequence[str]:
        """Gradle, as Android Studio has it."""
        return (
            "Open the folder in Android Studio, or with Gradle 8.9 and newer: `gradle "
            ':model:assemble`. In an app: `include(":model")` and '
            '`implementation(project(":model"))`.',
            "The golden test, on a phone or an emulator: `gradle :model:connectedAndroidTest`; "
            "`adb logcat -d -s edgehone > LOG` keeps its line.",
        )
