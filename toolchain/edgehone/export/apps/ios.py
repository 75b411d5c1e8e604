"""iOS: a Swift package over LiteRT's Swift package."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.export.apps._base import Kit, Platform
from edgehone.export.apps._literals import identifier


class Ios(Platform):
    """A package with the model among its resources; it needs iOS 15 or macOS 12."""

    TITLE: ClassVar[str] = "iOS"
    GOLDEN: ClassVar[str] = "Tests/GoldenTests/Resources/golden.bin"
    ABIS: ClassVar[tuple[str, ...]] = ("arm64",)

    def steps(self, kit: Kit) -> Sequence[str]:
        """Xcode and Swift's package manager."""
        return (
            "In Xcode: File, Add Package Dependencies, Add Local, this folder. It fetches LiteRT's "
            "own Swift package.",
            "The golden test: `swift test` on a Mac, or `xcodebuild test -scheme "
            f"{identifier(kit.app.name)} -destination 'platform=iOS Simulator,name=iPhone 16'`.",
        )

    def model_place(self, kit: Kit) -> str:
        """Among the resources of the target."""
        return f"Sources/{identifier(kit.app.name)}/Resources/model.tflite"
