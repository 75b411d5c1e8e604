"""Stage 2: one deployable format a file; what an artifact holds and how close it computes."""
