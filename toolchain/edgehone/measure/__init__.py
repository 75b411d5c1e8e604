"""Stage 3: the measuring protocol, from a device and artifacts to measurements."""
