"""Who acts: a person with grants, or a named part of the system."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from anlan.kernel.errors import Forbidden

SECRET = 9


@dataclass(frozen=True)
class GrantView:
    """One role held over one area: these permissions, below this path, up to this data class."""

    permissions: tuple[str, ...]
    path: str
    data_class: int

    def allows(self, permission: str) -> bool:
        return any(fnmatchcase(permission, pattern) for pattern in self.permissions)


class HasPath(Protocol):
    path: str
    name: str


@dataclass(frozen=True)
class Actor:
    """The one who acts or looks. Views, API, jobs and tests all pass one; nothing is read or written without."""

    name: str
    user_id: int | None
    grants: tuple[GrantView, ...]
    origin: str = ""

    def scopes(self, permission: str) -> list[tuple[str, int]]:
        """(area path, highest data class) of every grant that gives `permission`."""
        return [(grant.path, grant.data_class) for grant in self.grants if grant.allows(permission)]

    def has(self, permission: str) -> bool:
        """Anywhere at all: enough to show a menu entry, not to act."""
        return any(grant.allows(permission) for grant in self.grants)

    def may(self, permission: str, path: str, data_class: int = 1) -> bool:
        return any(path.startswith(scope) and data_class <= top for scope, top in self.scopes(permission))

    def require(self, permission: str, area: HasPath, data_class: int = 1) -> None:
        if not self.may(permission, area.path, data_class):
            raise Forbidden(f"{self.name}没有在{area.name}执行“{permission}”的权限", permission=permission)

    @property
    def is_system(self) -> bool:
        return self.user_id is None


def system(name: str) -> Actor:
    """A part of the platform acting by itself; it may do anything and is journalled under its own name."""
    return Actor(name=f"系统·{name}", user_id=None, grants=(GrantView(("*",), "/", SECRET),), origin="localhost")


NOBODY = Actor(name="未登录", user_id=None, grants=())
