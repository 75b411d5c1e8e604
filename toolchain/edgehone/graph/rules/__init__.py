"""How channels pass layers, one file a family of layers."""
