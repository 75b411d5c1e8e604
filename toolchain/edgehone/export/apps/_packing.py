"""A kit's models as one AI pack of Google Play: a folder a device group, and how they are told
apart.

The groups' folders are named after the pack, for two packs of a bundle may not have a path in
common, and the default is `#group_other`, for bundletool refuses a folder without a group beside
those that have one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from edgehone.documents.app_model import AppModel
from edgehone.errors import ConversionError
from edgehone.export.apps._base import Files, Kit, Pack
from edgehone.export.apps._literals import identifier
from edgehone.export.apps._targeting import configuration
from edgehone.export.apps._tiers import OTHER

TARGETING = "app/device_targeting_config.xml"


def pack_name(app: AppModel) -> str:
    """The pack's name, which is its module's and its folder's too: "flower_model_pack"."""
    return f"{identifier(app.name)}_pack"


def group_folder(app: AppModel, tier: str) -> str:
    """Where a tier's model lies; the app sees it without what follows `#`."""
    name = pack_name(app)
    return f"{name}/src/main/assets/{name}#group_{tier}"


def kits(kit: Kit, pack: Pack) -> tuple[tuple[str, Kit], ...]:
    """Every tier's kit by its name, the default one last."""
    return (*((each.name, each.kit) for each in pack.tiers), (OTHER, replace(kit, pack=None)))


def golden_of(tier: str, golden: str) -> str:
    """The file of a tier's golden samples; golden: that of the default one."""
    return golden if tier == OTHER else golden.replace(".bin", f"_{tier}.bin")


def files(kit: Kit, pack: Pack, golden: str) -> Files:
    """What lies in the pack, and what every tier is judged by."""
    found: dict[str, bytes] = {
        TARGETING: configuration((each.name, each.selector) for each in pack.tiers)
    }
    for name, each in kits(kit, pack):
        folder = group_folder(kit.app, name)
        placed = replace(each.app.model, file=f"{folder}/model.{each.app.model.format}")
        app = replace(each.app, model=placed)
        found[placed.file] = each.content
        found[f"{folder}/tier.txt"] = f"{name}\n".encode()
        found[golden_of(name, golden)] = each.golden.content
        if name != OTHER:
            found[f"tiers/{name}/model.json"] = app.content
            found[f"tiers/{name}/golden.json"] = each.golden.text(app).encode()
    return found


def require_alike(kit: Kit, pack: Pack) -> None:
    """Refuse tiers that one wrapper could not serve: ConversionError."""
    for each in pack.tiers:
        for what, one, other in _facts(kit.app, each.kit.app):
            if one != other:
                raise ConversionError(
                    f"Tier {each.name!r} has another contract with the app: {what} is {other} in "
                    f"{each.kit.artifact.path.name} and {one} in {kit.artifact.path.name}.",
                    "Take models of the same inputs, outputs, border types and classes: [export] "
                    "io is the same for all candidates of a run.",
                )


def _facts(one: AppModel, other: AppModel) -> Iterator[tuple[str, Any, Any]]:
    """What the wrapper is written for, of both. Scales and zero points it has for each tier, and
    the name of a lone input or output, which cannot be mixed up.
    """
    yield "the format", one.model.format, other.model.format
    for what, some, others in (
        ("inputs", one.inputs, other.inputs),
        ("outputs", one.outputs, other.outputs),
    ):
        yield f"the number of {what}", len(some), len(others)
        if len(some) > 1:
            yield f"the names of {what}", [e.name for e in some], [e.name for e in others]
    for mine, theirs in zip(one.inputs, other.inputs, strict=True):
        for fact in ("kind", "shape", "dtype", "raw", "mean", "deviation", "layout"):
            yield f"the {fact} of {mine.name!r}", getattr(mine, fact), getattr(theirs, fact)
    for made, found in zip(one.outputs, other.outputs, strict=True):
        for fact in ("shape", "dtype", "meaning"):
            yield f"the {fact} of {made.name!r}", getattr(made, fact), getattr(found, fact)
        yield f"quantization of {made.name!r}", made.scale is None, found.scale is None
    yield "the classes", one.classes, other.classes
