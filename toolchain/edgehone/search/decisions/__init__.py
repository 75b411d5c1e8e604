"""What the search may decide about: one technique a file, with its options, costs and losses."""

PACKAGE = __name__
"""Where `variants` finds them."""
