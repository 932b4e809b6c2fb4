"""Events in: earthquakes, hotspots, CAP. One folder per feed, found by discovery."""
