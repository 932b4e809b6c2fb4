"""CAP 1.2 (OASIS, 2010) and the national 12379 message: one model, one table of elements, one writer, one reader. Pure."""
