"""What the gateways do when something happened: put messages in the queue. Sending is the timer's work."""

from __future__ import annotations

import re
from uuid import UUID

from anlan.gateways.alerts import actions, channel_for, mass, public_channels
from anlan.gateways.alerts.actions import Letter
from anlan.gateways.alerts.receivers import area_at, receiver
from anlan.gateways.alerts.sender import SENDER
from anlan.gateways.exchange import reactions as reactions  # declares what goes to other platforms
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.kernel.models import Area
from anlan.monitoring import published
from anlan.monitoring.rules import warnings as rules

WARNING = "monitoring.Warning"


@on("kernel.NoticeRequested")
def notice_requested(event: Event) -> None:
    notice = event.payload
    identity, name, phone = receiver(notice, event.at)
    letter = Letter(
        event.pk, identity, name, phone, notice["text"], notice["purpose"], notice["subject_type"],
        notice["subject_id"], notice.get("urgency") == "high", correlation_of(event),
        max(event.data_class, DataClass.SENSITIVE),
    )  # fmt: skip
    channel = channel_for(phone, notice.get("exercise", False))
    actions.queue(SENDER, letter, area_at(event.area_path), channel.name)
    forget(event)


#: What opens something for whoever reads it: links with a key in them, and codes.
KEYS = re.compile(r"https?://\S+|(?<=确认码 )\d+")


def forget(event: Event) -> None:
    """The message has it now, under its own protection; the fact stays for long and is read by many, so it keeps neither the
    number nor what opens something."""
    kept = {**event.payload, "phone": "", "text": KEYS.sub("〔已隐去〕", event.payload["text"])}
    Event.objects.filter(pk=event.pk).update(payload=kept)


def correlation_of(event: Event) -> UUID | None:
    said = event.payload.get("correlation_id")
    return UUID(said) if said else event.correlation_id


@on("monitoring.WarningIssued")
def warning_issued(event: Event) -> None:
    """The public by every public channel. (The responsible people are called by `mobilisation`.)"""
    exercise = event.payload.get("exercise", False)
    tell(event, event.payload["text"], "预警发布", event.payload["area_ids"], exercise)
    warning = published.warning(event.payload["warning_id"])
    if warning is not None and not exercise:
        for channel in mass.channels():
            mass.fan_out(mass.SENDER, event.pk, warning, rules.sms(published.content(warning)), channel)


@on("monitoring.WarningCancelled")
def warning_cancelled(event: Event) -> None:
    """Whoever was told of the warning is told of its end."""
    warning = published.warning(event.payload["warning_id"])
    if warning is not None and warning.issued_at is not None:
        purpose = "预警解除" if warning.cancelled else "预警到期失效"
        text = f"【{purpose}】{warning.headline}。{event.payload['reason']}"
        tell(event, text, purpose, [area.pk for area in warning.areas], bool(warning.exercise))
        mass.fan_out_end(mass.SENDER, event.pk, warning.pk, purpose, text)


def tell(event: Event, text: str, purpose: str, area_ids: list[int], exercise: bool) -> None:
    area = Area.objects.filter(pk__in=area_ids).order_by("path").first()
    if area is None:
        return
    letter = Letter(
        event.pk, "public", "公众", "", text, purpose, WARNING, str(event.payload["warning_id"]), True, event.correlation_id
    )  # fmt: skip
    for channel in public_channels(exercise):
        actions.queue(SENDER, letter, area, channel.name)
