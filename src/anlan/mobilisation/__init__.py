"""社会动员: public portal, hotline, volunteers."""
