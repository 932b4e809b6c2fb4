"""A city is a data package: one folder, found by discovery."""
