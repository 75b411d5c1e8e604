"""Deployable file formats: a float file into any precision, and what is in a file."""
