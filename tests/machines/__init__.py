"""Machines for tests: built once from Debian's packages, cached, started and broken on purpose."""
