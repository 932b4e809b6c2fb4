"""The XML schema of CAP 1.2, built from our element table, and what a document departs from it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree.ElementTree import tostring

from lxml import etree

from anlan.monitoring.rules.cap.table import CAP, CHOICES, PARTS, SIGNATURE, Line

#: 3.2.1 sent: seconds and a numeric offset, never `Z`. (The published schema also lets a comma pass for the sign; so do we.)
MOMENT = r"\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[-,+]\d\d:\d\d"
BASES = {"language": "language", "uri": "anyURI", "integer": "integer", "decimal": "decimal"}
PAIR = (Line("valueName", "", required=True), Line("value", "", required=True))
MOST = 50
NAMESPACE = re.compile(r"\{[^}]*\}|\bcap:")


def text() -> str:
    """The schema as a document."""
    named = "".join(choice(name, values) for name, values in CHOICES.items())
    moment = f'<xs:simpleType name="moment"><xs:restriction base="xs:dateTime"><xs:pattern value="{MOMENT}"/></xs:restriction></xs:simpleType>'
    parts = "".join(part(name, lines) for name, lines in {**PARTS, "pair": PAIR}.items())
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{CAP}" targetNamespace="{CAP}" '
        f'elementFormDefault="qualified">{moment}{named}{parts}<xs:element name="alert" type="alert"/></xs:schema>'
    )


def choice(name: str, values: tuple[str, ...]) -> str:
    allowed = "".join(f'<xs:enumeration value="{value}"/>' for value in values)
    return f'<xs:simpleType name="{name}"><xs:restriction base="xs:string">{allowed}</xs:restriction></xs:simpleType>'


def part(name: str, lines: tuple[Line, ...]) -> str:
    """A complex type; an alert may carry XML signatures at its end."""
    inside = "".join(element(line) for line in lines)
    if name == "alert":
        inside += f'<xs:any minOccurs="0" maxOccurs="unbounded" namespace="{SIGNATURE}" processContents="lax"/>'
    return f'<xs:complexType name="{name}"><xs:sequence>{inside}</xs:sequence></xs:complexType>'


def element(line: Line) -> str:
    own = line.kind in CHOICES or line.kind in PARTS or line.kind in {"moment", "pair"}
    kind = line.kind if own else f"xs:{BASES.get(line.kind, 'string')}"
    times = f'minOccurs="{int(line.required)}" maxOccurs="{"unbounded" if line.many else 1}"'
    return f'<xs:element name="{line.name}" type="{kind}" {times}/>'


@cache
def schema() -> Any:
    import xmlschema  # noqa: PLC0415 - a third of a second to load, needed only where documents are checked

    return xmlschema.XMLSchema(text())


@cache
def quick() -> Any:
    """The same schema in libxml2: yes or no in a hundredth of the time."""
    return etree.XMLSchema(etree.fromstring(text().encode()))


def departures(document: Any) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of a parsed document's root element, at most `MOST`. Why it is wrong is asked only where it is."""
    if quick().validate(etree.fromstring(tostring(document, encoding="utf-8"))):
        return
    for count, error in enumerate(schema().iter_errors(document)):
        if count >= MOST:
            return
        path = NAMESPACE.sub("", str(error.path or "/alert")).strip("/")
        yield path, NAMESPACE.sub("", str(error.reason or error.message))[:200]
