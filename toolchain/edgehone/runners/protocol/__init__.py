"""What runners answer, parsed into values at the edge."""
