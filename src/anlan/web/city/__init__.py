"""Loading a city package (`anlan/cities/<name>/`) through the doors of the rooms."""
