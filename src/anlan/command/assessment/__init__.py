"""综合研判: what lies inside a shape, the situation brief of an incident, who knows about it, what would be if.

people    residents of communities, cached until the areas change
assess    a shape -> people, vulnerable places, works, shelters, and whom to call
brief     an incident -> what, where, who is inside, weather, forces by arrival, the like before, what the plan says next
experts   by speciality
whatif    runs that do not touch the incident
"""
