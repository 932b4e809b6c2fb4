"""The outside world, one folder per counterpart: devices in, feeds in, alerts out, exchange with other levels."""
