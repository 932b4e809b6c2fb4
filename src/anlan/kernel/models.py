"""All tables of the kernel, gathered for Django."""

from anlan.kernel.accounts.models import ApiToken, Grant, Role, User
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.audit.models import JournalEntry, JournalHead
from anlan.kernel.events.models import Delivery, Event
from anlan.kernel.organisations.models import Organisation, Person, Post
from anlan.kernel.refusals import RefusedRow

__all__ = [
    "ApiToken",
    "Area",
    "Delivery",
    "Event",
    "Grant",
    "JournalEntry",
    "JournalHead",
    "Level",
    "Organisation",
    "Person",
    "Post",
    "RefusedRow",
    "Role",
    "User",
]
