"""Verbs of subscribing: ask, prove that the address is one's own, leave; and the roster that a fan-out reads."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.models import Area
from anlan.mobilisation import queries
from anlan.mobilisation.actions.calls import CALL
from anlan.mobilisation.models import PushKey, Subscriber
from anlan.mobilisation.models import token as new_token

#: First three characters of the event codes that one may choose.
GROUPS = {
    "11A": "水旱凌汛",
    "11B": "气象相关",
    "11C": "地震",
    "11D": "地质灾害",
    "11G": "森林草原火灾",
    "12D": "危险化学品",
    "12Q": "环境污染",
}
PUBLIC = system("公众订阅")
WHY = "subscribers of every area"
#: A code is six digits and lives ten minutes; five guesses, then it must be asked for anew. An address is written to
#: once in a pause.
GUESSES, PAUSE, CODE_LIVES = 5, timedelta(minutes=2), timedelta(minutes=10)
#: Codes of an hour that have not come back, of everybody together and of one client address (behind which a whole office
#: may sit): nobody makes us write to the whole town.
WINDOW, MOST_AN_HOUR, MOST_A_CLIENT = timedelta(hours=1), 300, 10
#: base64url of 65 bytes that begin with 4, and of 16 bytes.
POINT, SECRET = re.compile(r"B[A-Za-z0-9_-]{86}=?"), re.compile(r"[A-Za-z0-9_-]{22}={0,2}")
MOBILE, MAIL = re.compile(r"1[3-9]\d{9}"), re.compile(r"[^@\s,;]{1,64}@[^@\s,;]{1,190}\.[A-Za-z]{2,24}")


def subscribe(area_id: int, address: str, hazards: list[str], least: int, client: str = "") -> Subscriber:
    """申请订阅, by anybody: nothing is sent to the address but a code, until that has come back."""
    return ask(PUBLIC, area_id, address.strip(), hazards, least, client)


@action(CALL)
def ask(by: Actor, area_id: int, address: str, hazards: list[str], least: int, client: str) -> Subscriber:
    """What is wanted, in a row of its own with a link of its own: whoever asks sees and changes nothing that is in force
    for the address until the code has come back."""
    way = Subscriber.Way.SMS if MOBILE.fullmatch(address) else Subscriber.Way.MAIL if MAIL.fullmatch(address) else None
    if way is None or len(address) > 120:
        raise Invalid("address", address[:40], "11 位手机号，或 120 字以内的邮箱地址", label="号码或邮箱")
    area = Area.objects.filter(pk=area_id).first()
    if area is None:
        raise Invalid("area_id", area_id, "一个已登记的区划", label="地点")
    now = clock.real_now()
    not_too_often(address, client, now)
    row = Subscriber.objects.create(
        way=way, address=address, data_class=DataClass.PERSONAL, area=area, least=min(4, max(1, least)),
        hazards=[code for code in hazards if code in GROUPS], code=f"{secrets.randbelow(10**6):06}", asked_at=now,
        asked_from=client[:45],
    )  # fmt: skip
    notice = NoticeRequested(
        to_name="订阅人", text=f"【{area.name}预警】订阅确认码 {row.code}，10 分钟内有效。不是您本人操作请忽略。",
        purpose="订阅确认", subject_type="mobilisation.Subscriber", subject_id=str(row.pk), phone=address,
    )  # fmt: skip
    record(by, "申请订阅", row, notice)
    return row


def not_too_often(address: str, client: str, now: datetime) -> None:
    """Refuses who asks too often; forgets what nobody confirmed within the hour."""
    with connection.cursor() as cursor:  # one at a time, or many at once would all find room
        cursor.execute("select pg_advisory_xact_lock(hashtext('mobilisation.ask'))")
    pending = Subscriber.objects.unscoped(WHY).filter(state=Subscriber.State.PENDING)
    pending.filter(asked_at__lte=now - WINDOW).delete()
    if Subscriber.objects.unscoped(WHY).filter(address=address, asked_at__gt=now - PAUSE).exists():
        raise Conflict("刚刚已发过确认码，请两分钟后再试")
    if client and pending.filter(asked_from=client[:45]).count() >= MOST_A_CLIENT:
        raise Conflict(f"同一网络地址一小时内最多申请 {MOST_A_CLIENT} 次，请一小时后再试")
    if pending.count() >= MOST_AN_HOUR:
        raise Conflict("申请订阅的人太多，请一小时后再试")


def confirm_subscription(token: str, code: str) -> Subscriber:
    """确认订阅 with the code that was sent. What comes back is in force (with a new link), or still pending."""
    return check_code(PUBLIC, queries.subscriber(token).pk, code)


@action(CALL)
def check_code(by: Actor, subscriber_id: int, code: str) -> Subscriber:
    row = Subscriber.objects.unscoped(HELD).one(subscriber_id, lock=True)
    fits = row.state == Subscriber.State.PENDING and secrets.compare_digest(row.code.encode(), code.strip().encode())
    if fits and row.tries < GUESSES and clock.real_now() - row.asked_at < CODE_LIVES:
        return put_in_force(by, row)
    row.tries = min(row.tries + 1, 32_000)
    row.save()
    record(by, "订阅确认码不符", row)
    return row


def put_in_force(by: Actor, wanted: Subscriber) -> Subscriber:
    """The owner of the address has proved himself: what he wants replaces what he had, and earlier links end."""
    active = Subscriber.objects.unscoped(HELD).filter(
        way=wanted.way, address=wanted.address, state=Subscriber.State.ACTIVE
    )
    row = active.select_for_update().first() or wanted
    if row is not wanted:
        row.area, row.hazards, row.least, row.asked_at = wanted.area, wanted.hazards, wanted.least, wanted.asked_at
        wanted.delete()
    row.state, row.code, row.tries, row.asked_from, row.token = Subscriber.State.ACTIVE, "", 0, "", new_token()
    row.save()
    record(by, "确认订阅", row)
    return row


def subscribe_browser(given: dict[str, Any], area_id: int, hazards: list[str], least: int, client: str) -> Subscriber:
    """网页推送: who has the browser's endpoint and keys is that browser; no code is needed."""
    return take_browser(PUBLIC, read_browser(given), area_id, hazards, least, client)


def read_browser(given: dict[str, Any]) -> PushKey:
    """What `PushSubscription.toJSON()` gives, with the endpoint at a push service we write to."""
    keys = given.get("keys") if isinstance(given.get("keys"), dict) else {}
    endpoint, p256dh, auth = (
        str(given.get("endpoint", "")),
        str((keys or {}).get("p256dh", "")),
        str((keys or {}).get("auth", "")),
    )
    parts, hosts = urlsplit(endpoint), queries.push_hosts()
    known = any(fnmatch(parts.netloc, host) for host in hosts)
    local = parts.scheme == "http" and parts.hostname == "127.0.0.1"
    if not known or len(endpoint) > 500 or not (parts.scheme == "https" or local):
        raise Invalid(
            "endpoint", endpoint[:80], f"{'、'.join(hosts) or '（未设置）'} 的 https 地址，500 字以内", label="推送地址"
        )
    if not (POINT.fullmatch(p256dh) and SECRET.fullmatch(auth)):
        raise Invalid("keys", p256dh[:20], "65 字节的 P-256 点和 16 字节的口令（base64url）", label="推送密钥")
    address = f"push:{hashlib.sha256(endpoint.encode()).hexdigest()[:40]}"
    return PushKey(address=address, endpoint=endpoint, p256dh=p256dh, auth=auth)


@action(CALL)
def take_browser(by: Actor, key: PushKey, area_id: int, hazards: list[str], least: int, client: str) -> Subscriber:
    """The same browser again changes what it wants and gets a new link."""
    area = Area.objects.filter(pk=area_id).first()
    if area is None:
        raise Invalid("area_id", area_id, "一个已登记的区划", label="地点")
    now = clock.real_now()
    recent = Subscriber.objects.unscoped(WHY).filter(way=Subscriber.Way.PUSH, asked_at__gt=now - WINDOW)
    if client and recent.filter(asked_from=client[:45]).count() >= MOST_A_CLIENT:
        raise Conflict(f"同一网络地址一小时内最多申请 {MOST_A_CLIENT} 次，请一小时后再试")
    values = {
        "area": area, "data_class": DataClass.PERSONAL, "least": min(4, max(1, least)), "asked_at": now,
        "hazards": [code for code in hazards if code in GROUPS], "asked_from": client[:45], "token": new_token(),
    }  # fmt: skip
    row, _ = Subscriber.objects.unscoped(HELD).update_or_create(
        way=Subscriber.Way.PUSH, address=key.address, state=Subscriber.State.ACTIVE, defaults=values
    )
    PushKey.objects.filter(address=key.address).delete()
    key.subscriber = row
    key.save()
    record(by, "订阅网页推送", row)
    return row


def unsubscribe(token: str) -> None:
    """退订: who has the link may; the address is forgotten."""
    leave(PUBLIC, queries.subscriber(token).pk)


@action(CALL)
def leave(by: Actor, subscriber_id: int) -> None:
    row = Subscriber.objects.unscoped(HELD).one(subscriber_id, lock=True)
    row.state, row.address, row.code, row.asked_from = Subscriber.State.ENDED, f"退订:{row.pk}", "", ""
    row.save()
    PushKey.objects.filter(subscriber=row).delete()
    record(by, "退订", row)


#: A block of the roster holds at most so many; at most so many are enrolled in one transaction, so that a warning that
#: comes in between waits a fraction of a second.
BLOCK, AT_ONCE = 500, 20_000
ENROL = """
with loose as (
    select id, address, area_id, way, least, hazards,
           (row_number() over (partition by area_id, way, least, hazards order by id) - 1) / %s as part
    from (select * from mobilisation_subscriber
          where state = 'active' and block_id is null {chosen} order by area_id, id limit %s for update) one
), made as (
    insert into mobilisation_rosterblock (area_id, data_class, way, least, hazards, receivers, addresses, gone, live)
    select area_id, 4, way, least, hazards, array_agg(id order by id), array_agg(address order by id),
           decode(repeat('00', count(*)::int), 'hex'), count(*)
    from loose group by area_id, way, least, hazards, part
    returning id, receivers
)
update mobilisation_subscriber row set block_id = made.id from made, unnest(made.receivers) as one (id) where row.id = one.id
"""
#: Blocks of one kind and place that would fit into fewer: everybody in them is loose again.
REGROUP = """
with small as (
    select id, count(*) over kind as blocks, sum(live) over kind as people from mobilisation_rosterblock
    where live < %s and not id = any(%s) window kind as (partition by area_id, way, least, hazards)
), ended as (
    delete from mobilisation_rosterblock where id in (
        select id from small where people = 0 or blocks > (people + %s - 1) / %s
    ) returning id
)
update mobilisation_subscriber row set block_id = null from ended where row.block_id = ended.id
"""


def enrol(way: str = "", area_ids: Iterable[int] | None = None, most: int = AT_ONCE) -> int:
    """入册: whoever subscribed since is laid into blocks (of one place, way, colour and choice of hazards), of which a
    fan-out takes whole ones. One at a time. Returns how many people."""
    chosen = "" if area_ids is None else "and way = %s and area_id = any(%s)"
    values: list[str | list[int]] = [] if area_ids is None else [way, list(area_ids)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('mobilisation.enrol'))")
        cursor.execute(ENROL.format(chosen=chosen), [BLOCK, *values, most])
        return int(cursor.rowcount)


def regroup(in_use: Iterable[int]) -> int:
    """并册: small blocks that no fan-out refers to any more (`in_use` are those it does) are dissolved; the next `enrol`
    lays their people into fuller ones. Returns how many people."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('mobilisation.enrol'))")
        cursor.execute(REGROUP, [BLOCK, list(in_use), BLOCK, BLOCK])
        return int(cursor.rowcount)
