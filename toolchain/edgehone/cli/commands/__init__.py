"""The commands, one a file: its parameters, the action it calls, its exit code."""
