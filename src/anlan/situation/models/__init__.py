from anlan.situation.models.release import Origin, ReleaseWatch

__all__ = ["Origin", "ReleaseWatch"]
