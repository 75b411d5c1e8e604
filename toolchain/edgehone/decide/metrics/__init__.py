"""What a budget may limit: one metric a file, named as it is in a [[budget]] table.

A name says its unit: NAME_ms, NAME_bytes; all others are shares, scores or counts.
"""

PACKAGE = __name__
"""Where `variants` finds them."""
