"""Rules of duty: holidays, and who sits when. Pure."""
