from anlan.simulation.models.run import Run

__all__ = ["Run"]
