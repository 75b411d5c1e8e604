"""What was done and found, kept: runs, stages, measurements in SQLite; files by their hash."""

from edgehone.store.store import LATEST, NAME, RunRecord, Store

__all__ = ["LATEST", "NAME", "RunRecord", "Store"]
