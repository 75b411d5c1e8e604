"""Which numbers float16 has."""

HALF_BITS = 16

LARGEST = 65504.0
"""The largest one."""

SMALLEST = 2.0**-14
"""The smallest normal one; smaller ones lose digits, and below 2^-25 they are 0."""

OUT_OF_RANGE = f"float16 ends at {LARGEST:g} and is coarse below {SMALLEST:.0e}"
