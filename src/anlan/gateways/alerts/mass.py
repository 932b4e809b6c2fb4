"""群发: a warning to very many people.

Receivers are chosen and laid into chunks by one statement in the database. A sender claims a chunk (the highest level
first), commits, sends those of it that are still owed, and writes one byte per receiver back. So nobody is lost (a chunk
is `done` only when every byte is final), and nobody gets it twice by one channel: an address stands in one chunk, a final
byte is never sent again, and when a sender dies within a chunk, channels that keep keys get the same keys again, while for
the others what was under way stops as 结果不明.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum

from django.db import connection, transaction
from django.db.models import QuerySet

from anlan.gateways.alerts import discover
from anlan.gateways.alerts.contract import Channel, Message, Outcome, Receipt
from anlan.gateways.alerts.models import Fanout, FanoutChunk
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.actions import action, record
from anlan.kernel.models import Area
from anlan.mobilisation import actions as mobilisation
from anlan.mobilisation import queries as people
from anlan.monitoring import published
from anlan.monitoring.published import PublicWarning
from anlan.monitoring.rules.warnings import COLOURS

log = logging.getLogger(__name__)
SENDER = system("群发")
WHY = "a fan-out serves every area"
LEASE_S, MAX_ATTEMPTS, SENDERS = 120.0, 12, 2
#: Receivers under way at once where a lost answer cannot be repeated: as many may end as 结果不明.
UNDER_WAY = 100


class Mark(IntEnum):
    """One receiver of a chunk. Up to RETRY he is still owed the message."""

    OWED = 0
    RETRY = 1
    UNDER_WAY = 2
    DELIVERED = 3
    REFUSED = 4
    UNKNOWN = 5


MARKS = {
    Outcome.DELIVERED: Mark.DELIVERED, Outcome.REFUSED: Mark.REFUSED, Outcome.RETRY: Mark.RETRY, Outcome.UNKNOWN: Mark.UNKNOWN,
}  # fmt: skip
INSERT = """
insert into gateways_fanoutchunk (fanout_id, rank, number, receivers, addresses, areas, outcomes, state, attempts, due_at)
select %s, %s, number, receivers, addresses, areas, decode(repeat('00', cardinality(receivers)), 'hex'), 'queued', 0, %s
from ({chosen}) as chosen (number, receivers, addresses, areas)
returning cardinality(receivers)
"""

#: Who may have read the warning and still subscribes with that address.
TOLD = """
insert into gateways_fanoutchunk (fanout_id, rank, number, receivers, addresses, areas, outcomes, state, attempts, due_at)
select %s, chunk.rank, chunk.number, array_agg(chunk.receivers[n]), array_agg(chunk.addresses[n]), array_agg(chunk.areas[n]),
       decode(repeat('00', count(*)::int), 'hex'), 'queued', 0, %s
from gateways_fanoutchunk chunk cross join lateral generate_subscripts(chunk.receivers, 1) n
where chunk.fanout_id = %s and get_byte(chunk.outcomes, n - 1) = any(%s)
  and (chunk.receivers[n], chunk.addresses[n]) in ({current})
group by chunk.id
returning cardinality(receivers)
"""


def channels() -> list[Channel]:
    """The preferred channel of each way to subscribe that is set up."""
    found: dict[str, Channel] = {}
    for channel in discover().values():
        if channel.subscribers and channel.ready():
            found.setdefault(channel.subscribers, channel)
    return list(found.values())


@action("gateways.send")
def fan_out(by: Actor, event_id: int, warning: PublicWarning, text: str, channel: Channel) -> Fanout:
    """群发入列: choose the receivers. The same event and channel give one fan-out, however often this is asked."""
    rows = Fanout.objects.unscoped(WHY)
    known = rows.filter(event_id=event_id, channel=channel.name).first()
    if known is not None:
        return known
    rank = COLOURS.index(warning.level) + 1
    area = min(warning.areas, key=lambda one: one.path)
    row = Fanout.objects.create(
        event_id=event_id,
        warning_id=warning.pk,
        channel=channel.name,
        rank=rank,
        text=text,
        created_at=clock.now(),
        area=area,
    )
    paths = [one.path for one in warning.areas]
    if warning.geometry:
        paths = [target.area.path for target in people.targets(paths, warning.geometry)] or paths
    chosen, values = people.subscribers(paths, warning.event_code, rank, channel.subscribers)
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(chosen=chosen), [row.pk, rank, clock.real_now(), *values])
        row.total = sum(count for (count,) in cursor.fetchall())
    if not row.total:
        row.done_at = clock.now()
    row.save()
    record(by, "群发入列", row)
    return row


@action("gateways.send")
def fan_out_end(by: Actor, event_id: int, warning_id: int, purpose: str, text: str) -> list[Fanout]:
    """解除群发入列: those who were told of a warning, or may have been, are told of its end by the same channel."""
    rows, made = Fanout.objects.unscoped(WHY), []
    for was in rows.filter(warning_id=warning_id, purpose=Fanout.ISSUED):
        if rows.filter(event_id=event_id, channel=was.channel).exists():
            continue
        row = Fanout.objects.create(
            event_id=event_id, warning_id=warning_id, channel=was.channel, rank=was.rank, purpose=purpose, text=text,
            created_at=clock.now(), area=was.area,
        )  # fmt: skip
        told = [Mark.UNDER_WAY, Mark.DELIVERED, Mark.UNKNOWN]
        with connection.cursor() as cursor:
            cursor.execute(TOLD.format(current=people.CURRENT), [row.pk, clock.real_now(), was.pk, told])
            row.total = sum(count for (count,) in cursor.fetchall())
        row.done_at = None if row.total else clock.now()
        row.save()
        record(by, "解除群发入列", row)
        made.append(row)
    return made


def claim() -> FanoutChunk | None:
    """The next chunk, of the highest level; committed before anything is sent."""
    now = clock.real_now()
    with transaction.atomic():
        owed = FanoutChunk.objects.filter(state="queued", due_at__lte=now).order_by("rank", "id")
        chunk = owed.select_related("fanout").select_for_update(skip_locked=True, of=("self",)).first()
        if chunk is not None:
            chunk.state, chunk.claimed_at, chunk.attempts = "sending", now, chunk.attempts + 1
            chunk.save(update_fields=["state", "claimed_at", "attempts"])
    return chunk


def take_back() -> int:
    """Chunks of senders that died are owed again; what was under way is unknown where keys are not kept."""
    since = clock.real_now() - timedelta(seconds=LEASE_S)
    with transaction.atomic():
        rows = FanoutChunk.objects.filter(state="sending", claimed_at__lt=since).select_related("fanout")
        dead = list(rows.select_for_update(skip_locked=True, of=("self",)))
        for chunk in dead:
            channel = discover().get(chunk.fanout.channel)
            again = Mark.OWED if channel is not None and channel.repeatable() else Mark.UNKNOWN
            marks = bytes(again if mark == Mark.UNDER_WAY else mark for mark in bytes(chunk.outcomes))
            settle(chunk, marks)
    return len(dead)


def held(chunk: FanoutChunk) -> QuerySet[FanoutChunk]:
    """The chunk as it was claimed: nothing once its lease ran out and somebody else has it."""
    return FanoutChunk.objects.filter(pk=chunk.pk, state="sending", attempts=chunk.attempts)


def drop(chunk: FanoutChunk) -> None:
    """What is over is not sent any more: who was still owed it is counted as not told."""
    marks = bytes(Mark.REFUSED if mark <= Mark.RETRY else mark for mark in bytes(chunk.outcomes))
    with transaction.atomic():
        settle(chunk, marks)


def over(fanout: Fanout) -> bool:
    """Whether it says what is no longer true."""
    if fanout.purpose != Fanout.ISSUED:
        return False
    warning = published.warning(fanout.warning_id)
    return warning is not None and not warning.in_force(clock.now())


def send_chunk(chunk: FanoutChunk) -> int:
    """Everything of a claimed chunk that is owed, as long as it is ours. Returns how many were tried."""
    if over(chunk.fanout):
        drop(chunk)
        return 0
    channel = discover().get(chunk.fanout.channel)
    marks = bytearray(chunk.outcomes)
    owed = [n for n, mark in enumerate(marks) if mark <= Mark.RETRY]
    step = len(owed) or 1 if channel is not None and channel.repeatable() else UNDER_WAY
    for start in range(0, len(owed), step):
        part = owed[start : start + step]
        for n in part:
            marks[n] = Mark.UNDER_WAY
        if not held(chunk).update(outcomes=bytes(marks), claimed_at=clock.real_now()):
            log.warning("chunk %s took longer than its lease and is somebody else's now", chunk)
            return start
        for n, receipt in zip(part, attempt(channel, [letter(chunk, n) for n in part]), strict=True):
            marks[n] = MARKS[receipt.outcome]
    with transaction.atomic():
        settle(chunk, bytes(marks))
    return len(owed)


def letter(chunk: FanoutChunk, n: int) -> Message:
    key = f"{chunk.fanout_id}:{chunk.receivers[n]}"
    return Message(
        key,
        "",
        chunk.addresses[n],
        chunk.fanout.text,
        chunk.fanout.purpose,
        "monitoring.Warning",
        str(chunk.fanout.warning_id),
    )


def attempt(channel: Channel | None, letters: Sequence[Message]) -> list[Receipt]:
    """A fault of ours in a channel never stops the sender."""
    if channel is None:
        return [Receipt(Outcome.REFUSED, "没有这个渠道")] * len(letters)
    try:
        return channel.send_many(letters) if channel.send_many else [channel.send(one) for one in letters]
    except Exception as error:
        log.exception("channel %s failed", channel.name)
        return [Receipt(Outcome.UNKNOWN, f"渠道出错：{type(error).__name__}")] * len(letters)


def settle(chunk: FanoutChunk, marks: bytes) -> None:
    """Write a chunk back: owed again later, or done, with its numbers added to the fan-out's. Not when it is somebody
    else's by now."""
    owed = any(mark <= Mark.RETRY for mark in marks)
    if owed and chunk.attempts >= MAX_ATTEMPTS:
        marks, owed = bytes(Mark.REFUSED if mark <= Mark.RETRY else mark for mark in marks), False
    chunk.outcomes, chunk.state = marks, "queued" if owed else "done"
    chunk.due_at = clock.real_now() + timedelta(seconds=min(60.0, 0.25 * 2**chunk.attempts) if owed else 0)
    ours = held(chunk).update(outcomes=chunk.outcomes, state=chunk.state, due_at=chunk.due_at)
    if ours and not owed:
        add_up(chunk, Counter(marks))


def add_up(chunk: FanoutChunk, counts: Counter[int]) -> None:
    fanout = Fanout.objects.unscoped(WHY).select_for_update(no_key=True).get(pk=chunk.fanout_id)
    fanout.delivered += counts[Mark.DELIVERED]
    fanout.refused += counts[Mark.REFUSED]
    fanout.unknown += counts[Mark.UNKNOWN]
    fanout.first_at = fanout.first_at or clock.now()
    if fanout.delivered + fanout.refused + fanout.unknown >= fanout.total:
        fanout.done_at = clock.now()
        finish(SENDER, fanout.pk)
    fanout.save()


@action("gateways.send")
def finish(by: Actor, fanout_id: int) -> None:
    """群发完成: one entry of the journal for all of them, and the receipts by area for the coverage."""
    fanout = Fanout.objects.unscoped(WHY).get(pk=fanout_id)
    reached: Counter[int] = Counter()
    for areas, outcomes in FanoutChunk.objects.filter(fanout=fanout).values_list("areas", "outcomes"):
        reached.update(area for area, mark in zip(areas, bytes(outcomes), strict=True) if mark == Mark.DELIVERED)
    for area in Area.objects.filter(pk__in=reached if fanout.purpose == Fanout.ISSUED else []):
        mobilisation.note_receipts(by, fanout.warning_id, area.pk, fanout.channel, reached[area.pk])
    record(by, "群发完成", fanout)


def work_off() -> int:
    """Send everything that is due. Returns how many messages were tried."""
    take_back()
    tried = 0
    while (chunk := claim()) is not None:
        tried += send_chunk(chunk)
    return tried


def owed() -> bool:
    now = clock.real_now()
    lapsed = FanoutChunk.objects.filter(state="sending", claimed_at__lt=now - timedelta(seconds=LEASE_S))
    return FanoutChunk.objects.filter(state="queued", due_at__lte=now).exists() or lapsed.exists()


class Senders:
    """A few threads that send while anything is due."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def wake(self) -> None:
        self.threads = [thread for thread in self.threads if thread.is_alive()]
        while len(self.threads) < SENDERS:
            thread = threading.Thread(target=self.work, name="fanout", daemon=True)
            self.threads.append(thread)
            thread.start()

    def work(self) -> None:
        try:
            work_off()
        except Exception:
            log.exception("fan-out stopped, trying again")
        finally:
            connection.close()
