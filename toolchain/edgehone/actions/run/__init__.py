"""Runs of the loop: begun, performed, reported, and found again with what they released."""
