"""Pages and buttons of the resources room."""
