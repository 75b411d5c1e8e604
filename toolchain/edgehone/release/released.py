"""A release as what later ones are compared with: its files, and what was measured of them."""

from dataclasses import dataclass

from edgehone.errors import UsageError
from edgehone.system.settings import BASELINE
from edgehone.values import Artifact, Measurement, Plain


@dataclass(frozen=True)
class Released:
    """name: as it was tagged, created: when (ISO 8601, UTC); both "" where a bundle was given as a
    file. sha256: of the bundle. signed_by: "" where no signature was verified. artifacts: files
    that can be read, their hashes proven; measurements: of these, with raw samples. contract: that
    of the app, None where the bundle has none.
    """

    name: str
    sha256: str
    created: str
    signed_by: str
    artifacts: tuple[Artifact, ...]
    measurements: tuple[Measurement, ...]
    contract: Plain | None = None

    def like(self, file_format: str) -> Artifact:
        """The artifact to compare a file of this format with. Raises UsageError where the release
        has none, or several.
        """
        found = [each for each in self.artifacts if each.format == file_format]
        if len(found) == 1:
            return found[0]
        what = f"Release {self.name!r}" if self.name else "The bundle"
        if not found:
            has = ", ".join(sorted({each.format for each in self.artifacts}))
            raise UsageError(
                f"{what} has no {file_format} file to compare with; it has {has}.",
                f"Give a baseline of the same format: {BASELINE.given('FILE')}.",
            )
        raise UsageError(
            f"{what} has {len(found)} {file_format} files to compare with.",
            f"Take one out of the bundle, and give it: {BASELINE.given('FILE')}.",
        )
