"""An alert as its elements tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Ring = list[tuple[float, float]]


@dataclass
class Finding:
    """One departure from the standard. fatal: the message as a whole cannot be used."""

    field: str
    message: str
    fatal: bool = False


@dataclass
class AlertArea:
    """Where. polygons: rings of (lon, lat), closed; circles: (lon, lat, radius in km); altitude, ceiling in feet."""

    description: str = ""
    polygons: list[Ring] = field(default_factory=list)
    circles: list[tuple[float, float, float]] = field(default_factory=list)
    geocodes: list[tuple[str, str]] = field(default_factory=list)
    altitude: str = ""
    ceiling: str = ""


@dataclass
class AlertResource:
    """A file that goes with the alert. digest: SHA-1 of the file, hexadecimal."""

    description: str = ""
    mime_type: str = ""
    size: str = ""
    uri: str = ""
    content: str = ""
    digest: str = ""


@dataclass
class AlertInfo:
    """One <info>: an event in one language (or for one part of the audience)."""

    language: str = "en-US"
    categories: list[str] = field(default_factory=list)
    event: str = ""
    response_types: list[str] = field(default_factory=list)
    urgency: str = ""
    severity: str = ""
    certainty: str = ""
    audience: str = ""
    event_codes: list[tuple[str, str]] = field(default_factory=list)
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: list[tuple[str, str]] = field(default_factory=list)
    resources: list[AlertResource] = field(default_factory=list)
    areas: list[AlertArea] = field(default_factory=list)


@dataclass
class Method:
    """12379 code/method: by which means this is to go out, in which words, to whom."""

    name: str = ""
    message: str = ""
    groups: str = ""
    part: str = ""


@dataclass
class Alert:
    """One <alert>, with what is wrong about it. sender_code, methods, secrecy: of the 12379 shape only."""

    version: str = ""
    identifier: str = ""
    sender: str = ""
    sent: datetime | None = None
    status: str = ""
    message_type: str = ""
    source: str = ""
    scope: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: list[str] = field(default_factory=list)
    note: str = ""
    references: list[str] = field(default_factory=list)
    incidents: str = ""
    sender_code: str = ""
    methods: list[Method] = field(default_factory=list)
    secrecy: str = ""
    signed: bool = False
    infos: list[AlertInfo] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.findings

    @property
    def usable(self) -> bool:
        """It can be acted on, though a polygon or a date of it may be missing."""
        return not any(finding.fatal for finding in self.findings)
