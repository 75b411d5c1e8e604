"""The contract with an app that a bundle makes itself, as `edgehone app` makes it for the model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.actions.app.kits import About, Request, kit_of
from edgehone.actions.app.sources import of_file, of_run
from edgehone.actions.settings import Setting
from edgehone.errors import EdgehoneError
from edgehone.export.apps._base import Platform
from edgehone.values import Artifact


@dataclass(frozen=True)
class Agreed:
    """content: `model.json`; None: not enough is known, and missing says of what."""

    content: bytes | None
    missing: str = ""


def made(artifacts: Sequence[Artifact], folder: Path, run: str, licence: str) -> Agreed:
    """The contract of a run's chosen file, or of a lone file, the same bytes as those of the
    project that `edgehone app` writes for Linux: golden samples with seed 0, from the run's data.

    What an app cannot keep, or nothing says, does not end the bundle.
    """
    first = artifacts[0]
    if not run and len(artifacts) > 1:
        return Agreed(
            None,
            f"No app contract is in the bundle, for it has {len(artifacts)} files: give that of "
            "one of them.",
        )
    try:
        return Agreed(_content(first, folder, run, licence))
    except EdgehoneError as error:
        begin = f"No app contract is in the bundle. {error.message} {error.hint}"
        return Agreed(None, f"{begin} Or make it with `edgehone app`, and give that one.")


def _content(artifact: Artifact, folder: Path, run: str, licence: str) -> bytes:
    """Raises UsageError, DataError, ModelError, ExecutionError."""
    about = About(licence=licence)
    file = None if run else artifact.path
    request = Request((), Path(), file, run, folder, about=about)
    source = of_run(request, Setting()) if run else of_file(request, Setting())
    kit = kit_of(source.artifacts.get(artifact.format, artifact), source, request.seed)
    place = f"{Platform.MODEL}.{kit.app.model.format}"
    return replace(kit.app, model=replace(kit.app.model, file=place)).content
