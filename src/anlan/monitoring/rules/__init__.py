"""规则: the standards of monitoring as pure functions: alarm evaluation, alarm states, warnings, CAP, signals."""
