"""Rules of administration: holidays, who sits when, the targets of the plan. Pure."""
