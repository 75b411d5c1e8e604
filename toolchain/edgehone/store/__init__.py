"""What was done and found, kept: runs, stages, measurements and releases; files by their hash."""

from edgehone.store.releases import ReleaseRecord
from edgehone.store.store import LATEST, NAME, RunRecord, Store

__all__ = ["LATEST", "NAME", "ReleaseRecord", "RunRecord", "Store"]
