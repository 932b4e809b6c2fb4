"""区域定量风险 QRA: a park's individual and societal risk from what may leak, the weather, and who is there.

`scenario.study` makes footprints of scenarios, `individual.on_grid` the map, `individual.at_places` the risk at single places with
its contributors, `societal.societal` the F-N curve, `judge` what GB 36894-2018 says of them. AQ/T 3046-2013; CPR 18E.
"""
