"""Word and Excel out of templates."""
