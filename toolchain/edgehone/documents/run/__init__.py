"""A run's document as a value, one file a part of it."""
