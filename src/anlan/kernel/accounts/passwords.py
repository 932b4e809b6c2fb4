"""Password rules of 等保三级 (GB/T 22239-2019 8.1.4.1); the figures are set in settings.py."""

from __future__ import annotations

import string
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


class CharacterClassesValidator:
    """At least `at_least` of: small letters, capitals, digits, others."""

    def __init__(self, at_least: int = 3) -> None:
        self.at_least = at_least

    def validate(self, password: str, user: Any = None) -> None:
        found = sum(any(c in group for c in password) for group in CLASSES)
        found += any(c not in "".join(CLASSES) for c in password)
        if found < self.at_least:
            raise ValidationError(self.get_help_text(), code="too_few_classes")

    def get_help_text(self) -> str:
        return f"口令须含大写字母、小写字母、数字、符号中的至少 {self.at_least} 类"


class HistoryValidator:
    """None of the last `remembered` passwords."""

    def __init__(self, remembered: int = 5) -> None:
        self.remembered = remembered

    def validate(self, password: str, user: Any = None) -> None:
        current = [user.password] if getattr(user, "password", "") else []
        past = current + list(getattr(user, "past_passwords", []))[-self.remembered :]
        if any(check_password(password, old) for old in past):
            raise ValidationError(self.get_help_text(), code="used_before")

    def get_help_text(self) -> str:
        return f"口令不得与最近 {self.remembered} 次相同"
