"""Loading a city package: areas and shapes, registries, roads, roster, plans, accounts. Again and again without harm."""
