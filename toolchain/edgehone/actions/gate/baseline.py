"""What a gate's --baseline names: a file, a bundle, a run's winner, or a release in the store."""

from collections.abc import Sequence
from pathlib import Path

from edgehone import formats
from edgehone.actions.release.releases import last_release, unpacked
from edgehone.actions.run.released import release_of

RELEASE = "release"
RUN = "run:"
BUNDLE = ".zip"


def names_a_file(named: Path) -> bool:
    """Whether a baseline is a model file as it is, which nothing has to be looked up for."""
    text = str(named)
    words = text == RELEASE or text.startswith((f"{RELEASE}:", RUN))
    return named.suffix.lower() != BUNDLE and (named.is_file() or not words)


def baseline_file(named: Path, files: Sequence[Path], folder: Path, scratch: Path) -> Path:
    """The file to compare with.

    named: "release" or "release:NAME" for the last release, or that of this name, in the store of
    `folder`; "run:RUN" for the winner of a run there; or a bundle, which is verified and unpacked
    into `scratch`. Of several files the one of the format of the first of `files`. Raises
    UsageError, ModelError, StorageError, VerificationError.
    """
    text = str(named)
    if text.startswith(RUN):
        return release_of(folder, text.removeprefix(RUN)).measured[0].artifact.path
    called = text.startswith(f"{RELEASE}:") and not named.exists()
    if named.suffix.lower() == BUNDLE and not called:
        found = unpacked(named, scratch)
    else:
        found = last_release(folder, text.partition(":")[2])
    return found.like(formats.of_file(files[0]).name if files else formats.USUAL).path
