from anlan.supervision.models.enterprise import Enterprise, HazardUnit, Park

__all__ = ["Enterprise", "HazardUnit", "Park"]
