"""What was done and found, kept: runs, stages, measurements in SQLite; files by their hash."""

from edgehone.store.store import RunRecord, Store

__all__ = ["RunRecord", "Store"]
