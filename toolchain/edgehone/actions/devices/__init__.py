"""Devices: which there are, their names, whether they are ready, and their setup."""
