"""Kits that bring a finished file, or a run's winner, into apps: one project a platform."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions import lone_files
from edgehone.actions.app import tiers as app_tiers
from edgehone.actions.app.sources import Source, of_file, of_run
from edgehone.actions.documented import Written
from edgehone.actions.settings import Setting
from edgehone.documents import artifact_json
from edgehone.errors import ConversionError, UsageError
from edgehone.export.apps import PACKAGE
from edgehone.export.apps._answers import answered, proves_scaling
from edgehone.export.apps._base import DELIVERIES, Kit, Pack, Platform, Tier
from edgehone.export.apps._contract import contract, require_scaling
from edgehone.export.apps._download import Counted, libraries
from edgehone.export.apps._download import rows as download
from edgehone.export.apps._golden import chosen, random_inputs
from edgehone.system import files, variants
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.folders import require_empty, whole_folder, write_files
from edgehone.system.interface import all_named
from edgehone.system.references import is_reference
from edgehone.system.settings import DATA, DELIVERY, MEAN, PLATFORMS, RUN, SCALE, STD, TIERS
from edgehone.values import Artifact, Event, Progress, silent

_CLEARLY = 4
"""Golden answers are to differ by so many tolerances, or a constant would pass."""

TIER = "'low=smallest:ram<4GiB'"
"""A tier as an example."""


@dataclass(frozen=True)
class About:
    """What the user says of the model: the kind of its input, names of classes (or a file with one
    a line), mean and deviation, licence, what the kit is called; "" and () where nothing is said.
    """

    kind: str = ""
    labels: Path | None = None
    names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    licence: str = ""
    name: str = ""


@dataclass(frozen=True)
class Request:
    """file: a finished one, or run: by id in `folder`; platforms: by name; data: what golden
    samples are taken from; None: as the project or run says, "random": made up. libraries: of the
    runtime, to be counted. tiers: devices that get another model, each NAME=CHOICE:CONDITION,
    delivered as `delivery` says.
    """

    platforms: tuple[str, ...]
    destination: Path
    file: Path | None = None
    run: str = ""
    folder: Path = Path("runs")
    data: str | None = None
    about: About = field(default_factory=About)
    libraries: tuple[Path, ...] = ()
    seed: int = 0
    tiers: tuple[str, ...] = ()
    delivery: str = DELIVERIES[0]


@dataclass(frozen=True, repr=False)
class Kits(Written):
    """A mapping: what `edgehone app --json` prints (schema "app")."""

    def __repr__(self) -> str:
        return f"<Kits {', '.join(each['folder'] for each in self.document['kits'])}>"


def app(request: Request, setting: Setting, progress: Progress = silent) -> Kits:
    """Write a project for each platform into a folder of its own, all or none.

    Raises UsageError, DataError, ModelError, ConversionError, StorageError.
    """
    platforms = _platforms(request.platforms)
    require_empty(request.destination)
    counted = libraries(request.libraries)
    source = _source(request, setting)
    chosen_files = {name: _artifact(each, source) for name, each in platforms.items()}
    tiers = _tiers(platforms, chosen_files, request)
    chosen_files |= {name: tiers[name][-1].artifact for name in tiers}
    asked = [*chosen_files.values(), *(each.artifact for own in tiers.values() for each in own)]
    kits = _kits({each.sha256: each for each in asked}, source, request, progress)
    made = {
        name: _adapted(each, kits[chosen_files[name].sha256], source, request.seed)
        for name, each in platforms.items()
    }
    for name, own in tiers.items():
        made[name] = _packed(made[name], own, kits, request.delivery)
    projects = {name: each.files(made[name]) for name, each in platforms.items()}
    rows = [
        _row(each, made[name].artifact, request.destination / name, projects[name], counted)
        for name, each in platforms.items()
    ]
    for row in rows:
        row["tiers"] = app_tiers.rows(tiers.get(row["platform"], ()))
    warnings = [text for kit in _all_kits(made.values()) for text in _doubts(kit, source)]
    warnings += [each.warning for own in tiers.values() for each in own if each.warning]
    warnings += [text for row in rows for text in _mismatches(row)]
    warnings += _unused(counted, rows)
    with whole_folder(request.destination, last=True) as folder:
        for name, contents in projects.items():
            write_files(folder / name, contents)
    return Kits({"kits": rows, "warnings": list(dict.fromkeys(warnings))})


def _tiers(
    platforms: Mapping[str, Platform], files: Mapping[str, Artifact], request: Request
) -> dict[str, tuple[app_tiers.Chosen, ...]]:
    """The tiers of each platform whose store has them. Raises UsageError."""
    app_tiers.require_delivery(request.delivery)
    with_tiers = {name: each for name, each in platforms.items() if each.TIERS}
    if request.tiers and not with_tiers:
        raise UsageError(
            f"{TIERS} has no effect for {', '.join(platforms)}: tiers are device groups of Google "
            "Play.",
            f"Add android to {PLATFORMS}, or leave {TIERS} out.",
        )
    if not request.tiers and request.delivery != DELIVERIES[0]:
        raise UsageError(
            f"{DELIVERY} has no effect without {TIERS}: the model lies in the app.",
            f"Give a tier, such as {TIERS.given(TIER)}, or leave {DELIVERY} out.",
        )
    return {
        name: app_tiers.chosen(
            request.tiers, files[name], request.folder, request.run, each.FORMATS
        )
        for name, each in (with_tiers.items() if request.tiers else ())
    }


def _packed(
    kit: Kit, tiers: Sequence[app_tiers.Chosen], kits: Mapping[str, Kit], delivery: str
) -> Kit:
    """The kit with those of its tiers."""
    others = tuple(
        Tier(each.name, each.selector, kits[each.artifact.sha256])
        for each in tiers
        if each.selector is not None
    )
    return replace(kit, pack=Pack(others, delivery))


def _all_kits(kits: Iterable[Kit]) -> Iterator[Kit]:
    for kit in kits:
        yield kit
        if kit.pack is not None:
            yield from (each.kit for each in kit.pack.tiers)


def names() -> list[str]:
    """The platforms by the names that the command line has for them."""
    return [name.replace("_", "-") for name in variants.module_names(PACKAGE)]


def _platforms(asked: Sequence[str]) -> dict[str, Platform]:
    if not asked:
        raise UsageError("No platform is named.", f"Known: {', '.join(names())}.")
    for name in asked:
        if not is_reference(name) and name.replace("_", "-") not in names():
            raise UsageError(f"Unknown platform {name!r}.", _meant(name))
    return {
        name: variants.load(PACKAGE, Platform, name.replace("-", "_"))()
        for name in dict.fromkeys(asked)
    }


def _meant(name: str) -> str:
    close = get_close_matches(name, names(), n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(names())}."


def _source(request: Request, setting: Setting) -> Source:
    if (request.file is None) == (not request.run):
        raise UsageError(
            "Neither a file nor a run was given, or both were.",
            f"Give a file, or {RUN.given('RUN')}.",
        )
    if request.file is not None:
        return of_file(request, setting)
    return of_run(request, setting)


def _artifact(platform: Platform, source: Source) -> Artifact:
    """The best file for a platform. Raises ConversionError where there is none."""
    for form in platform.FORMATS:
        if form in source.artifacts:
            return source.artifacts[form]
    has = ", ".join(sorted(source.artifacts))
    raise ConversionError(
        f"{platform.TITLE} runs {' or '.join(platform.FORMATS)} files, and there is {has} alone.",
        f"Export the model as {platform.FORMATS[0]} as well.",
    )


def _kits(
    artifacts: Mapping[str, Artifact], source: Source, request: Request, progress: Progress
) -> dict[str, Kit]:
    found = {}
    for done, (sha256, artifact) in enumerate(artifacts.items()):
        progress(Event("golden samples", artifact.path.name, done, len(artifacts)))
        found[sha256] = kit_of(artifact, source, request.seed)
    return found


def kit_of(artifact: Artifact, source: Source, seed: int) -> Kit:
    """The contract of one file, its content and its golden samples."""
    known = source.known(artifact)
    agreed = contract(artifact, known)
    require_scaling(agreed)
    inputs = (
        tuple(
            chosen(samples, entry, seed)
            for samples, entry in zip(known.samples, agreed.inputs, strict=True)
        )
        if known.samples
        else random_inputs(agreed.inputs, seed)
    )
    content = files.content(artifact.path, MODEL_BYTES)
    settled, golden = answered(artifact, agreed, inputs)
    return Kit(settled, content, golden, artifact)


def _adapted(platform: Platform, kit: Kit, source: Source, seed: int) -> Kit:
    """The kit of the file as a platform wants it: the same one, or one of a file made of it."""
    content = platform.adapted(kit)
    if content == kit.content:
        return kit
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        path = Path(scratch) / kit.artifact.path.name
        path.write_bytes(content)
        found = kit_of(lone_files.artifact(path), source, seed)
    return replace(found, artifact=replace(found.artifact, path=kit.artifact.path))


def _doubts(kit: Kit, source: Source) -> list[str]:
    """What the golden samples would not show."""
    found = list(source.warnings)
    name, app_model = kit.app.model.file, kit.app
    least = max(each.tolerance for each in app_model.outputs)
    if kit.golden.values < _CLEARLY * least:
        found.append(
            f"The golden answers of {name} hardly differ, so a wrong model may pass: give data, "
            f"{DATA.given('DATA')}."
        )
    if not proves_scaling(kit.artifact, app_model, kit.golden):
        found.append(
            f"The golden samples of {name} would not show a forgotten normalization: give "
            f"data, {DATA.given('DATA')}."
        )
    for twice, count in Counter(app_model.classes).most_common(1):
        if count > 1:
            found.append(
                f"{count} classes of {name} are called {twice!r}, and the app cannot tell them "
                "apart by name."
            )
    unsaid = [each.name for each in app_model.inputs if not each.explicit]
    if unsaid:
        found.append(
            f"Nothing says how values of {', '.join(unsaid)} are scaled, so the kit gives them to "
            f"the model as they are: {SCALE}, or {all_named((MEAN, STD))}, say otherwise."
        )
    return found


def _row(
    platform: Platform,
    artifact: Artifact,
    folder: Path,
    project: Mapping[str, bytes],
    counted: Sequence[Counted],
) -> dict[str, Any]:
    packed = artifact.compressed_bytes
    return {
        "platform": platform.name,
        "folder": str(folder),
        "artifact": artifact_json(artifact),
        "model": json.loads(project[platform.MODEL_JSON]),
        "files": sorted(project),
        "download": download(platform.name, artifact.format, packed, counted, platform.ABIS),
        "delegates": dict((artifact.audit or {}).get("delegates") or {}),
    }


def _unused(counted: Sequence[Counted], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Libraries that no kit's download has, being for other processors."""
    used = {each["source"] for row in rows for each in row["download"]}
    return [
        f"{each.source} is for {each.abi}, which none of these platforms counts."
        for each in counted
        if each.source not in used
    ]


def _mismatches(row: Mapping[str, Any]) -> list[str]:
    """What of a kit's runtime Android's newer phones cannot load, and what XNNPACK leaves."""
    found = [
        f"{each['source']} does not fit memory pages of 16 KB, which Google Play asks for: "
        f"{each['unaligned']}. Take a newer build of it."
        for each in row["download"]
        if each["unaligned"]
    ]
    left = (row["delegates"].get("xnnpack") or {}).get("left") or {}
    if left:
        kinds = ", ".join(f"{count} {name}" for name, count in left.items())
        found.append(
            f"XNNPACK leaves operators of {row['artifact']['path']} to slower kernels: {kinds}."
        )
    return found
