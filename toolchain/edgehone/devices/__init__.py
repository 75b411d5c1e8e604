"""How a device is reached: one transport a file, named like the scheme of its addresses."""
