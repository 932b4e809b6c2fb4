"""补录: history out of files — tables of values, or the frames that stations left — through the same durable log."""
