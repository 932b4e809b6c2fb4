from anlan.situation.models.release import ReleaseWatch

__all__ = ["ReleaseWatch"]
