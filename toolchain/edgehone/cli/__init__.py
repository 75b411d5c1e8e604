"""The command line: reads arguments, draws progress, prints, exits."""
