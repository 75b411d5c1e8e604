"""Deployable files as the published JSON has them, and back."""

from pathlib import Path

from edgehone.documents.plain import Json, plain
from edgehone.values import Artifact, Candidate, Plain


def artifact_json(artifact: Artifact, *, details: bool = False) -> Json:
    """A deployable file; with `details` also what is in it ("audit") and how close it is to its
    Keras model ("parity"). The candidate it came from is not part of it.
    """
    found = {
        "path": str(artifact.path),
        "format": artifact.format,
        "precision": artifact.precision,
        "size_bytes": artifact.size_bytes,
        "compressed_bytes": artifact.compressed_bytes,
        "sha256": artifact.sha256,
    }
    if details:
        found |= {"audit": plain(artifact.audit), "parity": plain(artifact.parity)}
    return found


def artifact_from_json(data: Plain, candidate: Candidate | None = None) -> Artifact:
    """What `artifact_json` wrote, and the candidate it came from, if known."""
    return Artifact(
        Path(data["path"]),
        data["format"],
        data["precision"],
        data["size_bytes"],
        data["compressed_bytes"],
        data["sha256"],
        candidate,
        data.get("audit"),
        data.get("parity"),
    )
