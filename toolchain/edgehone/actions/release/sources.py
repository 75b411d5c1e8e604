"""What a bundle is made of: a run's winner in all its formats, or finished files by themselves."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgehone import formats
from edgehone.actions import lone_files
from edgehone.actions.run.history import document_of
from edgehone.actions.run.released import Files, release_of
from edgehone.actions.run.sections import sections_of
from edgehone.config import load_recipes
from edgehone.config.written import recipe_toml
from edgehone.documents import measurements_of, plain, recipe_json
from edgehone.documents.published import require_version
from edgehone.documents.run.candidate import CandidateEntry
from edgehone.documents.run.document import RunDocument
from edgehone.documents.shape import OF_FILE, OF_STORE, shaped
from edgehone.errors import UsageError
from edgehone.release import licences
from edgehone.release.contents import Extras, source_name
from edgehone.release.evidence import Evidence, Origin
from edgehone.report.page import render
from edgehone.run.document import environment
from edgehone.run.winner_folder import WINNER
from edgehone.store import Store
from edgehone.system.bounds import DOCUMENT_BYTES
from edgehone.system.files import content, sha256_of
from edgehone.system.parsing import json_of
from edgehone.system.settings import BENCH_DOCUMENT
from edgehone.values import Artifact, Measurement, Recipe


def of_run(folder: Path, run: str) -> tuple[Evidence, Extras]:
    """The winner of a finished run, or the best that may keep its budgets where nothing is proven
    to. Its files are those that the run measured.

    Raises UsageError, BudgetsMissedError, ModelError, StorageError.
    """
    release = release_of(folder, run)
    document = document_of(folder, release.run)
    with shaped(f"The document of run {document.run}"):
        chosen = {each.sha256: each for each in _chosen(document, folder, release.measured)}
        measured = _measurements(document, chosen)
        made = _made(document, release.measured[0].artifact.sha256)
        recipe = None if made is None else _whole_recipe(made.recipe, folder / document.run)
        origin = replace(_origin(document, made), recipe=recipe)
    artifacts = tuple(chosen.values())
    title = document.name or Path(document.project.teacher.rpartition(":")[2]).stem or document.run
    evidence = Evidence(
        title,
        artifacts,
        measured,
        document.environment,
        licences.of_files(each.path.suffix for each in artifacts),
        origin=origin,
    )
    sections = sections_of(folder, document.run)
    toml = None if recipe is None else recipe_toml("released", recipe)
    return evidence, Extras(document, lambda shown: render(shown, sections), toml)


def of_files(files: Sequence[Path], folder: Path, documents: Sequence[Path]) -> Evidence:
    """Finished files with what was measured of them: by documents of bench, compare or gate, and
    by the store in `folder`, the newest on each device.

    Raises UsageError, ModelError, StorageError.
    """
    artifacts = tuple({each.sha256: each for each in map(lone_files.artifact, files)}.values())
    known = {each.sha256: each for each in artifacts}
    store = Store(folder, read_only=True)
    found: dict[tuple[str, str], Measurement] = {}
    with shaped(f"The store in {folder}", OF_STORE):
        for sha256 in known:
            for each in measurements_of({"measurements": store.measurements(artifact=sha256)}):
                found[sha256, each.device.name] = each
    for path in documents:
        for each in _documented(path, known):
            found[each.artifact.sha256, each.device.name] = each
    measured = tuple(
        replace(each, artifact=known[sha256]) for (sha256, _), each in sorted(found.items())
    )
    return Evidence(
        artifacts[0].path.stem,
        artifacts,
        measured,
        environment(),
        licences.of_files(each.path.suffix for each in artifacts),
    )


def _chosen(document: RunDocument, folder: Path, released: Sequence[Measurement]) -> list[Artifact]:
    """The chosen file, and the same candidate's files in other formats, with what is in them."""
    own = folder / document.run / WINNER
    there = sorted(own.iterdir()) if own.is_dir() else []
    same = {sha256_of(file) for file in there if formats.of_suffix(file) is not None}
    first = released[0].artifact
    files = Files(folder, document.run)
    found = [_detailed(document, first)]
    for each in _all_measured(document):
        sha256 = each.artifact.sha256
        if sha256 in same and sha256 not in {artifact.sha256 for artifact in found}:
            found.append(_detailed(document, files.proven(each.artifact)))
    return found


def _detailed(document: RunDocument, artifact: Artifact) -> Artifact:
    """The artifact with what is in it, which documents of edgehone 0.1 tell in part."""
    made = _made(document, artifact.sha256)
    kept = (made.audit if made is not None else None) or {}
    audit = kept if "inputs" in kept else formats.audit(artifact.path)
    return replace(artifact, audit=audit, parity=made.parity if made is not None else None)


def _measurements(document: RunDocument, chosen: dict[str, Artifact]) -> tuple[Measurement, ...]:
    """What was measured of the chosen files, once on each device."""
    found: dict[tuple[str, str], Measurement] = {}
    for each in _all_measured(document):
        artifact = chosen.get(each.artifact.sha256)
        if artifact is not None:
            key = (artifact.sha256, each.device.name)
            found.setdefault(key, replace(each, artifact=artifact))
    order = list(chosen)
    return tuple(found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1])))


def _all_measured(document: RunDocument) -> list[Measurement]:
    chosen = document.chosen
    found = [] if chosen is None else [chosen.measurement, *chosen.elsewhere]
    for each in document.candidates:
        found += [*([each.measurement] if each.measurement else []), *each.elsewhere]
    return [*found, *document.baselines]


def _made(document: RunDocument, sha256: str) -> CandidateEntry | None:
    """How a file was made; None: it is the teacher's own."""
    for each in document.candidates:
        if each.measurement is not None and each.measurement.artifact.sha256 == sha256:
            return each
    return None


def _whole_recipe(recipe: Recipe, run: Path) -> Recipe:
    """A candidate's recipe with the steps before it, those that made the student it began with:
    they stand in the winner's folder alone.
    """
    file = run / WINNER / "recipe.toml"
    if not file.is_file():
        return recipe
    for _, found in load_recipes(file):
        own = found.steps[len(found.steps) - len(recipe.steps) :]
        if plain(recipe_json(replace(found, steps=own))) == plain(recipe_json(recipe)):
            return replace(recipe, steps=found.steps)
    return recipe


def _origin(document: RunDocument, made: CandidateEntry | None) -> Origin:
    project, chosen = document.project, document.chosen
    shown = replace(
        project,
        teacher=source_name(project.teacher),
        student=source_name(project.student),
        data=source_name(project.data),
    )
    decided = made.decision if made is not None else chosen.decision if chosen else None
    return Origin(
        document.run,
        document.created,
        document.decision,
        shown,
        document.objective,
        document.budgets,
        decided.checks if decided is not None else (),
        document.baselines[:1],
        None,
        made.steps if made is not None else (),
        chosen.speedup if chosen is not None else None,
        made.params if made is not None else project.params,
        made.macs if made is not None else project.macs,
        document.warnings,
    )


def _documented(path: Path, known: dict[str, Artifact]) -> list[Measurement]:
    """The measurements of these files in a document of bench, compare or gate."""
    if not path.is_file():
        raise UsageError(f"File not found: {path}.", "Check the path.")
    hint = f"Give {BENCH_DOCUMENT}."
    try:
        found = json_of(content(path, DOCUMENT_BYTES, UsageError), DOCUMENT_BYTES, finite=True)
    except ValueError as error:
        raise UsageError(f"{path} is not JSON.", hint) from error
    if not isinstance(found, dict) or not isinstance(found.get("measurements"), list):
        raise UsageError(f"{path} has no measurements.", hint)
    require_version(found, str(path))
    with shaped(str(path), OF_FILE):
        measured = [m for m in measurements_of(found) if m.artifact.sha256 in known]
    if not measured:
        raise UsageError(f"{path} has no measurement of any of the bundled files.", hint)
    return measured
