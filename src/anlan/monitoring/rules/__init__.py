"""The law and the standard of warning, and the arithmetic of alarms: pure functions."""
