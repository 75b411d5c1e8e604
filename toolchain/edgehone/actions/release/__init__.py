"""Bundles of released files: written, verified, tagged as releases."""
