"""Kits that bring a model into an app: one platform a public file, its templates beside them."""

PACKAGE = "edgehone.export.apps"
