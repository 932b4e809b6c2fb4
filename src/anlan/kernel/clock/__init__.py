"""The one clock: real or scenario."""
