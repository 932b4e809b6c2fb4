"""Feeds a hazard engine from map layers and live data, stores footprint and exposure."""
