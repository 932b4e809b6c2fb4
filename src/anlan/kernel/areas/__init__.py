"""Administrative areas 行政区划: five levels, codes of several systems, polygons."""
