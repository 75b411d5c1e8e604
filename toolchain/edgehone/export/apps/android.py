"""Android: a Gradle module in Kotlin over LiteRT's CompiledModel."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from edgehone.export.apps import _packing
from edgehone.export.apps._base import Files, Kit, Platform
from edgehone.export.apps._tiers import OTHER

_PACKED = (
    "IDENT_pack/build.gradle.kts",
    "app/build.gradle.kts",
    "app/src/main/AndroidManifest.xml",
)
"""Files of the project that only an AI pack needs."""


class Android(Platform):
    """A library module with the model in its assets, or beside it an AI pack with a model for each
    tier of devices and an app that has the pack; LiteRT has no way to write uint8.
    """

    TITLE: ClassVar[str] = "Android"
    MODEL: ClassVar[str] = "model/src/main/assets/model"
    GOLDEN: ClassVar[str] = "model/src/androidTest/assets/golden.bin"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "int32")
    ABIS: ClassVar[tuple[str, ...]] = ("arm64-v8a", "armeabi-v7a", "x86_64")
    TIERS: ClassVar[bool] = True

    def steps(self, kit: Kit) -> Sequence[str]:
        """Gradle, as Android Studio has it."""
        gradle = "8.9" if kit.pack is None else "8.11.1"
        return (
            f"Open the folder in Android Studio, or with Gradle {gradle} and newer: `gradle "
            ':model:assemble`. In an app: `include(":model")` and '
            '`implementation(project(":model"))`.',
            *(() if kit.pack is None else _steps_of_pack(kit)),
            "The golden test, on a phone or an emulator: `gradle :model:connectedAndroidTest`; "
            "`adb logcat -d -s edgehone > LOG` keeps its line.",
        )

    def files(self, kit: Kit) -> Files:
        """With the pack, where there is one."""
        if kit.pack is None:
            return super().files(kit)
        for tier in kit.pack.tiers:
            self.require(tier.kit)
        _packing.require_alike(kit, kit.pack)
        return {**super().files(kit), **_packing.files(kit, kit.pack, self.GOLDEN)}

    def model_place(self, kit: Kit) -> str:
        """In the assets, or in the default group of the pack."""
        if kit.pack is None:
            return super().model_place(kit)
        return f"{_packing.group_folder(kit.app, OTHER)}/model.{kit.app.model.format}"

    def leaves_out(self, kit: Kit) -> Sequence[str]:
        """What only a pack needs, where there is none."""
        name = _packing.pack_name(kit.app)
        packed = [path.replace("IDENT_pack", name) for path in _PACKED]
        return packed if kit.pack is None else ()

    def variables(self, kit: Kit) -> Mapping[str, Any]:
        """With the tiers, the default one last; () without a pack."""
        pack = kit.pack
        tiers = () if pack is None else _packing.kits(kit, pack)
        return {
            **super().variables(kit),
            "pack": _packing.pack_name(kit.app),
            "delivery": "" if pack is None else pack.delivery,
            "tiers": [
                {
                    "name": name,
                    "app": each.app,
                    "golden": _packing.golden_of(name, self.GOLDEN).rpartition("/")[2],
                }
                for name, each in tiers
            ],
        }


def _steps_of_pack(kit: Kit) -> tuple[str, ...]:
    name = _packing.pack_name(kit.app)
    return (
        f"The models lie in the AI pack `{name}`, a folder for each device group; "
        f"`{_packing.TARGETING}` says which devices a group has, the first that matches counts. "
        "`gradle :app:bundleRelease` builds a bundle of a bare app with the pack. In an app of "
        f'yours: `include(":{name}")`, in its module the lines `assetPacks` and `bundle {{ … }}` '
        "of `app/build.gradle.kts` with the configuration beside it, in `gradle.properties` "
        "`android.experimental.enableDeviceTargetingConfigApi=true`, and the plugin "
        "`com.android.ai-pack` of the Android Gradle Plugin 8.10 or newer.",
        "Before an upload: `bundletool build-apks --local-testing --bundle BUNDLE.aab --output "
        "OUT.apks`, then `bundletool install-apks --apks OUT.apks --device-groups GROUP` installs "
        "what Google Play would for that group.",
    )
