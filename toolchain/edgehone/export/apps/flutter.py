"""Flutter: a Dart package over flutter_litert."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.export.apps._base import Kit, Platform
from edgehone.export.apps._literals import identifier


class Flutter(Platform):
    """A package with the model among its assets, for Android, iOS and desktops."""

    TITLE: ClassVar[str] = "Flutter"
    MODEL: ClassVar[str] = "assets/model"
    GOLDEN: ClassVar[str] = "assets/golden.bin"
    ABIS: ClassVar[tuple[str, ...]] = ("arm64-v8a", "armeabi-v7a", "x86_64")

    def steps(self, kit: Kit) -> Sequence[str]:
        """Flutter's own tools."""
        name = identifier(kit.app.name)
        return (
            f"In the app's `pubspec.yaml`, under `dependencies`: `{name}: {{path: ../flutter}}`; "
            "then `flutter pub get`.",
            "The golden test needs an app to run in: copy `integration_test/golden_test.dart` to "
            "the app's folder of that name, then `flutter test integration_test -d DEVICE`.",
        )
