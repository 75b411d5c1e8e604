"""What answers on a device: one program a file, how it is brought there and how it is asked."""
