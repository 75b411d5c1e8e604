"""What a gate's --baseline names: a file, a run's winner, or the last release."""

from collections.abc import Sequence
from pathlib import Path

from edgehone import formats
from edgehone.actions.released import release_of
from edgehone.errors import EdgehoneError, ModelError, UsageError
from edgehone.store import Store
from edgehone.values import Plain

RELEASE = "release"
RUN = "run:"


def baseline_file(named: Path, files: Sequence[Path], folder: Path) -> Path:
    """The file to compare with.

    named: a file; "release" or "release:NAME" for the last release (of that name) in the store of
    `folder`; "run:RUN" for the winner of a run there; or a bundle. Of several files the one of the
    same format as the first of `files`. Raises UsageError, ModelError.
    """
    text = str(named)
    if named.is_file() and formats.of_suffix(named):
        return named
    if text == RELEASE or text.startswith(f"{RELEASE}:"):
        return _released(text.partition(":")[2], files, folder)
    if text.startswith(RUN):
        return release_of(folder, text.removeprefix(RUN)).measured[0].artifact.path
    return named


def _released(name: str, files: Sequence[Path], folder: Path) -> Path:
    store = Store(folder, read_only=True)
    found = last_release(store, name)
    if found is None:
        raise UsageError(
            f"The store {folder} has no release{f' {name!r}' if name else ''}.",
            "Give the released file itself with --baseline FILE.",
        )
    suffix = files[0].suffix.lower() if files else ""
    listed = list(found["artifacts"])
    alike = [each for each in listed if Path(str(each["path"])).suffix.lower() == suffix]
    if len(alike) != 1:
        names = ", ".join(str(each["path"]) for each in listed) or "nothing"
        raise UsageError(
            f"Release {found['name']!r} holds {names}: {len(alike)} files end in {suffix}.",
            "Give the file to compare with: --baseline FILE.",
        )
    try:
        return store.path_of(str(alike[0]["sha256"]))
    except EdgehoneError as error:
        raise ModelError(
            f"The store no longer has a file of release {found['name']!r}: {error.message}",
            "Release it again, or give the file with --baseline FILE.",
        ) from error


def last_release(store: Store, name: str = "") -> Plain | None:
    """The newest release of the store, or of that name: {"name", "created", "artifacts": [{"path",
    "sha256", "format", "size_bytes"}]}; None where there is none.
    """
    return store.kept("release", {"latest": True, "name": name} if name else {"latest": True})
