"""How the next candidate is found: one strategy a file; each passes tests/contract."""

PACKAGE = __name__
"""Where `variants` finds them."""
