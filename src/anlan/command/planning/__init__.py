"""What stands between plans as data and the registers: gathering their means, working off stress tests."""
