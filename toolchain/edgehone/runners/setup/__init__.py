"""Where a runner is installed on a device, and computers that are emulated for it."""
