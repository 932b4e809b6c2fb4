"""OData batch in its older clothes: HTTP requests as parts of `multipart/mixed`, change sets included."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import Message
from http import HTTPStatus
from typing import Any

from anlan.kernel.errors import Invalid

BOUNDARY = "batchresponse_anlan"


def batch_parts(content_type: str, body: bytes) -> list[dict[str, Any]]:
    """The requests of the parts, in order, in the shape of the JSON batch."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not whole.is_multipart():
        raise Invalid("body", content_type, "multipart/mixed，各部分为 application/http")
    return [request_of(part, n) for n, part in enumerate(leaves(whole))]


def leaves(message: Message) -> list[Message]:
    found: list[Message] = []
    for part in message.get_payload():
        if isinstance(part, Message):
            found += leaves(part) if part.is_multipart() else [part]
    return found


def request_of(part: Message, number: int) -> dict[str, Any]:
    raw = part.get_payload(decode=True)
    text = raw.decode("utf-8", errors="replace").replace("\r\n", "\n").lstrip("\n") if isinstance(raw, bytes) else ""
    head, _, content = text.partition("\n\n")
    words = head.split("\n", 1)[0].split()
    if len(words) < 2:
        raise Invalid(f"parts[{number}]", text[:60], "HTTP 请求行，如 GET Things(1) HTTP/1.1")
    try:
        body = json.loads(content) if content.strip() else None
    except ValueError as error:
        raise Invalid(f"parts[{number}]", content[:60], f"JSON（{error}）") from error
    url = words[1].split("/v1.1/", 1)[-1]
    return {"id": part.get("Content-ID", str(number)), "method": words[0], "url": url, "body": body}


def batch_text(answers: list[dict[str, Any]]) -> tuple[str, bytes]:
    """(boundary, body)."""
    lines: list[str] = []
    for answer in answers:
        status = HTTPStatus(answer["status"])
        lines += [f"--{BOUNDARY}", "Content-Type: application/http", f"Content-ID: {answer['id']}", ""]
        lines += [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json"]
        lines += [f"Location: {answer['location']}"] if "location" in answer else []
        lines += ["", json.dumps(answer["body"], ensure_ascii=False, default=str)]
    lines += [f"--{BOUNDARY}--", ""]
    return BOUNDARY, "\r\n".join(lines).encode()
