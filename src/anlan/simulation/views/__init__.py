"""Pages of the simulation room."""
