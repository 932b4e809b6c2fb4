"""Warnings and notices out: one folder per channel, found by discovery."""
