"""Whose accounts an administrator may touch: a district's administrator those of the district, never those of the city."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import Grant, User
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Forbidden

ADMINISTRATION = ("kernel.accounts", "kernel.grants")


def require_over(by: Actor, permission: str, user: User) -> None:
    """The permission over every area the account has rights in, and over the area of the person it belongs to.

    Who could reset the password of an account would have all its rights; one area too few is therefore enough to refuse.
    """
    areas = [grant.area for grant in user.grants.select_related("area")]
    areas += [user.person.area] if user.person else []
    for area in areas or ([user.home] if user.home else []):
        by.require(permission, area)
    if not (areas or user.home or whole_city(by, permission)):
        raise Forbidden(f"账号“{user}”没有所属区划，只能由全市的管理员办理", permission=permission)


def may_over(by: Actor, permission: str, user: User) -> bool:
    try:
        require_over(by, permission, user)
    except Forbidden:
        return False
    return by.has(permission)


def whole_city(by: Actor, permission: str) -> bool:
    """Over everything there is: what holds everywhere, such as a role, is changed by nobody who answers for a part."""
    tops = Area.objects.filter(parent=None).values_list("path", flat=True)
    return by.may(permission, "/") or (bool(tops) and all(by.may(permission, path) for path in tops))


def below(by: Actor, column: str) -> Q:
    """`column` (a path) lies in an area the actor administrates accounts or rights of."""
    allowed = Q(pk__in=[])
    for path in {path for permission in ADMINISTRATION for path, _top in by.scopes(permission)}:
        allowed |= Q(**{f"{column}__startswith": path})
    return allowed


def grants(by: Actor) -> QuerySet[Grant]:
    """The grants the actor may know of."""
    return Grant.objects.filter(below(by, "area__path")).select_related("role", "area")


def accounts(by: Actor) -> QuerySet[User]:
    """Accounts with a right in the actor's areas; those without any right where their person is, else where they were opened."""
    nowhere = Q(person=None, home=None) if any(whole_city(by, one) for one in ADMINISTRATION) else Q(pk__in=[])
    opened = Q(person=None) & below(by, "home__path")
    unbound = Q(grants=None) & (nowhere | opened | below(by, "person__area__path"))
    return User.objects.filter(unbound | Q(grants__in=grants(by))).distinct()


def home(by: Actor, permission: str) -> Area | None:
    """Where an account that this actor opens belongs until it has rights: the actor's own area, the largest of several."""
    paths = sorted((path for path, _top in by.scopes(permission)), key=len)
    return Area.objects.filter(path__in=paths[:1]).first()
