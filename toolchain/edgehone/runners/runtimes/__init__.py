"""What runs on a device: one inference runtime a file."""
