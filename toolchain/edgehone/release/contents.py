"""Which files a bundle has, what they are called in it, and what stands in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehone.documents.plain import Json, plain
from edgehone.documents.run.document import RunDocument
from edgehone.release import evidence as gathered
from edgehone.release import ml_bom, model_card, names
from edgehone.release.evidence import Evidence
from edgehone.release.manifest import ARTIFACT, Manifest
from edgehone.release.writing import Part

ARTIFACTS = "artifacts"
EVIDENCE, RUN, RECIPE = "evidence.json", "run.json", "recipe.toml"
REPORT, CONTRACT = "report.html", "app/model.json"

_PLACES = ("path", "best_unproven_file")
_SOURCES = ("teacher", "student", "data")


@dataclass(frozen=True)
class Extras:
    """What a bundle holds beside its artifacts and the evidence, None where there is none: the
    run's document, what makes its page, the recipe that can be carried out again, and the app's
    contract.
    """

    document: RunDocument | None = None
    page: Callable[[RunDocument], str] | None = None
    recipe: str | None = None
    contract: bytes | None = None


@dataclass(frozen=True)
class Contents:
    """A bundle before it is written: what it is about, and its files by their path in it."""

    about: Manifest
    parts: Mapping[str, Part] = field(default_factory=dict)


def contents(evidence: Evidence, extras: Extras, made_by: str) -> Contents:
    """All files of a bundle. The evidence names artifacts where they are now."""
    files = {each.sha256: each.path for each in evidence.artifacts}
    paths = places(files)
    sentence = gathered.named(evidence, paths)
    parts = {paths[sha256]: Part(ARTIFACT, path) for sha256, path in files.items()}
    parts[EVIDENCE] = Part("evidence", gathered.text(sentence.to_json()))
    parts[model_card.NAME] = Part("card", model_card.model_card(sentence))
    parts[ml_bom.NAME] = Part("bom", gathered.text(ml_bom.ml_bom(sentence, made_by)))
    for licence in evidence.licences:
        parts |= {path: Part("licence", text) for path, text in licence.files.items()}
    if extras.document is not None:
        document = run_json(extras.document, paths)
        parts[RUN] = Part("run", gathered.text(document))
        if extras.page is not None:
            page = extras.page(RunDocument.from_json(document))
            parts[REPORT] = Part("report", page.encode())
    for name, role, text in (
        (RECIPE, "recipe", None if extras.recipe is None else extras.recipe.encode()),
        (CONTRACT, "contract", extras.contract),
    ):
        if text is not None:
            parts[name] = Part(role, text)
    origin = evidence.origin
    about = Manifest(evidence.title, made_by, ())
    if origin is not None:
        about = replace(about, run=origin.run, created=origin.created, decision=origin.decision)
    return Contents(about, parts)


def places(files: Mapping[str, Path]) -> dict[str, str]:
    """Where files of these hashes go in a bundle."""
    found: dict[str, str] = {}
    for sha256, path in files.items():
        found[sha256] = names.bundled_path(path, ARTIFACTS, found.values())
    return found


def run_json(document: RunDocument, paths: Mapping[str, str]) -> Json:
    """A run's document, its files named as in the bundle: the same wherever the run lay."""
    found: Json = plain(_relative(document.to_json(), paths))
    return {**found, "report": REPORT, "artifacts": ARTIFACTS}


def source_name(source: str) -> str:
    """A source of a model or data without the folders of the machine that had it."""
    return Path(source).name if Path(source).is_absolute() else source


def _relative(value: Any, paths: Mapping[str, str]) -> Any:
    if isinstance(value, list | tuple):
        return [_relative(each, paths) for each in value]
    if not isinstance(value, dict):
        return value
    found: Json = {key: _relative(each, paths) for key, each in value.items()}
    for key in _PLACES:
        if isinstance(found.get(key), str) and found[key]:
            found[key] = paths.get(str(found.get("sha256")), Path(found[key]).name)
    for key in _SOURCES:
        if isinstance(found.get(key), str):
            found[key] = source_name(found[key])
    return found
