"""Pure rules of reaching people."""
