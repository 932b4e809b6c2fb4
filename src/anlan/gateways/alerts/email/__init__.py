"""邮件: to officers with a mail address and to those who subscribed with one.

ANLAN_SMTP_URL    smtp://user:password@host:587 (STARTTLS where offered) or smtps://…; unset = channel not set up
ANLAN_SMTP_FROM   sender's address
"""

from __future__ import annotations

import os
import re
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt
from anlan.monitoring.rules.warnings import subject

TIMEOUT_S = 15.0
ADDRESS = re.compile(r"[^@\s,;]{1,64}@[^@\s,;]{1,190}\.[A-Za-z]{2,24}")


def url() -> str:
    return os.environ.get("ANLAN_SMTP_URL", "")


def opened() -> smtplib.SMTP:
    parts = urlsplit(url())
    secure = parts.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    line = kind(parts.hostname or "", parts.port or (465 if secure else 587), timeout=TIMEOUT_S)
    line.ehlo_or_helo_if_needed()
    if not secure and line.has_extn("starttls"):
        line.starttls()
    if parts.username:
        line.login(unquote(parts.username), unquote(parts.password or ""))
    return line


def letter(message: Message) -> EmailMessage:
    """The same key gives the same Message-ID, by which a reader's mailbox knows a second copy."""
    made, sender = EmailMessage(), os.environ.get("ANLAN_SMTP_FROM", "anlan@localhost")
    made["From"], made["To"] = sender, message.address
    made["Subject"] = subject(message.purpose, message.text)
    made["Message-ID"] = f"<{message.key.replace(':', '.')}@{sender.rpartition('@')[2]}>"
    made["X-Priority"] = "1"
    made.set_content(message.text)
    return made


def one(line: smtplib.SMTP, message: Message) -> Receipt:
    try:
        line.send_message(letter(message))
    except smtplib.SMTPRecipientsRefused as error:
        return judged(*next(iter(error.recipients.values())))
    except smtplib.SMTPResponseException as error:
        return judged(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Receipt(Outcome.UNKNOWN, f"邮件服务器没有回答：{type(error).__name__}")
    return Receipt(Outcome.DELIVERED, "邮件服务器已接收")


def judged(code: int, said: bytes | str) -> Receipt:
    """4xx: later; 5xx: never (RFC 5321 4.2.1)."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    outcome = Outcome.RETRY if 400 <= code < 500 else Outcome.REFUSED
    return Receipt(outcome, f"邮件服务器回答 {code}：{words[:80]}")


def send_many(messages: Sequence[Message]) -> list[Receipt]:
    """One connection for all; when it breaks, what was not tried yet is tried again later."""
    try:
        line = opened()
    except (smtplib.SMTPException, OSError) as error:
        return [Receipt(Outcome.RETRY, f"邮件服务器连不上：{type(error).__name__}")] * len(messages)
    answers: list[Receipt] = []
    try:
        for message in messages:
            answers.append(one(line, message))
            if answers[-1].outcome == Outcome.UNKNOWN:
                break
    finally:
        line.close()
    left = len(messages) - len(answers)
    return answers + [Receipt(Outcome.RETRY, "连接断开，尚未送出")] * left


CHANNEL = Channel(
    name="email", title="邮件", grade="bronze", audience=Audience.PERSON, rank=20, ready=lambda: bool(url()),
    repeatable=lambda: False, reaches=lambda address: ADDRESS.fullmatch(address) is not None,
    send=lambda message: send_many([message])[0], send_many=send_many, subscribers="mail",
)  # fmt: skip
