"""From the log to observations and alarms: the process that keeps what the gateways took in."""

from anlan.monitoring.pipeline.worker import Worker, run

__all__ = ["Worker", "run"]
