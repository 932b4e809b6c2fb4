"""The four ways a request can be wrong. Each has an HTTP status and a Chinese sentence."""

from __future__ import annotations

from typing import Any


class AnlanError(Exception):
    """Base of every expected refusal."""

    status = 500

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    @property
    def rule(self) -> str:
        """The rule that forbids it, or the permission that is missing; "" where the message says it all."""
        permission = self.details.get("permission")
        return str(self.details.get("rule") or (f"须有权限 {permission}" if permission else ""))

    def as_json(self) -> dict[str, Any]:
        return {"error": self.message, **self.details}


class NotFound(AnlanError):
    """It does not exist, or lies outside what this user may see (the two are not told apart)."""

    status = 404


class Forbidden(AnlanError):
    """The user may not do this here."""

    status = 403


class Conflict(AnlanError):
    """The state does not allow it now; the message names the rule that forbids it."""

    status = 409


class Invalid(AnlanError):
    """A value is wrong: which field, which value, what is allowed, in which unit."""

    status = 422

    def __init__(self, field: str, value: Any, allowed: str, *, label: str = "", unit: str = "") -> None:
        shown = "空" if value is None or value == "" else f"“{value}”"
        unit_note = f"（单位：{unit}）" if unit else ""
        super().__init__(
            f"{label or field}的值{shown}不正确，允许：{allowed}{unit_note}",
            field=field,
            value=value,
            allowed=allowed,
            unit=unit,
        )
