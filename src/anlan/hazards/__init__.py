"""Hazard families: pure functions, arrays and dataclasses in and out. They do not know each other."""
