"""Stage 1: one compression technique a file."""
