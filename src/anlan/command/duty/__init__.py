"""What the duty desk is made of: intake of calls, the legal clock of every party, calling those in charge."""
