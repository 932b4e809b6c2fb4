"""Readings in: one folder per field protocol, found by discovery."""
