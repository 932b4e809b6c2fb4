"""乌海市 as data."""
