"""指挥救援: incident, plan, response, task, dispatch, report on the legal clock, review."""
