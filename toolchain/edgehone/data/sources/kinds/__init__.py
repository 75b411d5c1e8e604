"""Kinds of sources: a file each, found by scanning this folder."""
