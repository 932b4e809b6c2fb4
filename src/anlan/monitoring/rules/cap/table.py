"""The element table of CAP 1.2 section 3.2, in its order: what the writer writes and the schema allows.

Each line: element, attribute of our model, kind of value, whether it must be there, whether it may repeat.
"""

from __future__ import annotations

from dataclasses import dataclass

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"


@dataclass(frozen=True)
class Line:
    """One element. kind: text, moment, language, uri, integer, decimal, words (blank-separated), pair (valueName, value),
    ring, circle, one of CHOICES, or the name of a part that has lines of its own."""

    name: str
    attribute: str
    kind: str = "text"
    required: bool = False
    many: bool = False


#: Code values of 3.2.1 and 3.2.2.
CHOICES = {
    "status": ("Actual", "Exercise", "System", "Test", "Draft"),
    "msgType": ("Alert", "Update", "Cancel", "Ack", "Error"),
    "scope": ("Public", "Restricted", "Private"),
    "category": ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
    "responseType": ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"),
    "urgency": ("Immediate", "Expected", "Future", "Past", "Unknown"),
    "severity": ("Extreme", "Severe", "Moderate", "Minor", "Unknown"),
    "certainty": ("Observed", "Likely", "Possible", "Unlikely", "Unknown"),
}  # fmt: skip

PARTS: dict[str, tuple[Line, ...]] = {
    # 3.2.1
    "alert": (
        Line("identifier", "identifier", required=True),
        Line("sender", "sender", required=True),
        Line("sent", "sent", "moment", required=True),
        Line("status", "status", "status", required=True),
        Line("msgType", "message_type", "msgType", required=True),
        Line("source", "source"),
        Line("scope", "scope", "scope", required=True),
        Line("restriction", "restriction"),
        Line("addresses", "addresses"),
        Line("code", "codes", many=True),
        Line("note", "note"),
        Line("references", "references", "words"),
        Line("incidents", "incidents"),
        Line("info", "infos", "info", many=True),
    ),
    # 3.2.2
    "info": (
        Line("language", "language", "language"),
        Line("category", "categories", "category", required=True, many=True),
        Line("event", "event", required=True),
        Line("responseType", "response_types", "responseType", many=True),
        Line("urgency", "urgency", "urgency", required=True),
        Line("severity", "severity", "severity", required=True),
        Line("certainty", "certainty", "certainty", required=True),
        Line("audience", "audience"),
        Line("eventCode", "event_codes", "pair", many=True),
        Line("effective", "effective", "moment"),
        Line("onset", "onset", "moment"),
        Line("expires", "expires", "moment"),
        Line("senderName", "sender_name"),
        Line("headline", "headline"),
        Line("description", "description"),
        Line("instruction", "instruction"),
        Line("web", "web", "uri"),
        Line("contact", "contact"),
        Line("parameter", "parameters", "pair", many=True),
        Line("resource", "resources", "resource", many=True),
        Line("area", "areas", "area", many=True),
    ),
    # 3.2.3
    "resource": (
        Line("resourceDesc", "description", required=True),
        Line("mimeType", "mime_type", required=True),
        Line("size", "size", "integer"),
        Line("uri", "uri", "uri"),
        Line("derefUri", "content"),
        Line("digest", "digest"),
    ),
    # 3.2.4
    "area": (
        Line("areaDesc", "description", required=True),
        Line("polygon", "polygons", "ring", many=True),
        Line("circle", "circles", "circle", many=True),
        Line("geocode", "geocodes", "pair", many=True),
        Line("altitude", "altitude", "decimal"),
        Line("ceiling", "ceiling", "decimal"),
    ),
}
