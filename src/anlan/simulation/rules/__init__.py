"""灾害链: the declared graph, what makes one hazard follow another, unusual combinations, the ranking of areas. All pure."""
