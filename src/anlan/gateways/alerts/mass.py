"""群发: a warning to very many people.

Choosing the receivers is choosing blocks of the roster (`mobilisation.RosterBlock`) and laying them into chunks, by one
statement in the database. A sender claims a chunk (of its channel, the highest level first), commits, sends those of it
that are still owed, and writes one byte per receiver back. So nobody is lost (a chunk is `done` only when every byte is
final), and nobody gets it twice by one channel: a person stands in one block and a block in one chunk, a final byte is
never sent again, and when a sender dies within a chunk, channels that keep keys get the same keys again, while for the
others what was under way stops as 结果不明.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import chain
from math import ceil

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from anlan.gateways.alerts import discover, pace, reports
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
LEASE_S, MAX_ATTEMPTS = 120.0, 12
#: Receivers of a chunk, about.
CHUNK = 500
#: Receivers under way at once where a lost answer cannot be repeated: as many may end as 结果不明.
UNDER_WAY = 100
#: Who was told may still have to be told of the end; after that nobody asks any more which person it was (待核对).
KEEP = timedelta(days=30)


class Mark(IntEnum):
    """One receiver of a chunk. Up to RETRY he is still owed the message."""

    OWED = 0
    RETRY = 1
    UNDER_WAY = 2
    DELIVERED = 3
    REFUSED = 4
    UNKNOWN = 5
    #: He unsubscribed, or stands in another block by now. (The same byte as in the roster.)
    GONE = 6
    #: The gateway's status report: it is on the phone; it is not, and will not be.
    CONFIRMED = 7
    FAILED = 8


MARKS = {
    Outcome.DELIVERED: Mark.DELIVERED, Outcome.REFUSED: Mark.REFUSED, Outcome.RETRY: Mark.RETRY, Outcome.UNKNOWN: Mark.UNKNOWN,
}  # fmt: skip
MAYBE = (Mark.UNDER_WAY, Mark.DELIVERED, Mark.UNKNOWN, Mark.CONFIRMED)
#: Who may have read a warning is told of its end, nobody else.
TOLD = bytes(Mark.OWED if mark in MAYBE else Mark.GONE for mark in range(256))
INSERT = """
with chosen as materialized ({chosen}), made as (
    insert into gateways_fanoutchunk (fanout_id, channel, rank, number, blocks, outcomes, state, attempts, due_at)
    select %s, %s, %s, part, array_agg(id order by id), string_agg(gone, ''::bytea order by id), 'queued', 0, %s
    from (select id, gone, (sum(octet_length(gone)) over (order by id) - 1) / {size} as part from chosen) one
    group by part
)
select coalesce(sum(live), 0) from chosen
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
        event_id=event_id, warning_id=warning.pk, channel=channel.name, rank=rank, text=text, created_at=clock.now(), area=area,
        pieces=pieces(text),
    )  # fmt: skip
    row.total = choose(row, concerned(warning), warning.event_code, channel.subscribers)
    row.done_at = None if row.total else clock.now()
    row.save()
    record(by, "群发入列", row)
    return row


def concerned(warning: PublicWarning) -> list[int]:
    """The areas whose subscribers it is for."""
    paths = [one.path for one in warning.areas]
    if warning.geometry:
        paths = [target.area.path for target in people.targets(paths, warning.geometry)] or paths
    return people.concerned(paths)


def choose(row: Fanout, area_ids: list[int], event_code: str, way: str) -> int:
    """Lay the receivers into chunks. Returns how many people."""
    while mobilisation.enrol(way, area_ids):
        pass
    chosen, values = people.subscribers(area_ids, event_code, row.rank, way)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT.format(chosen=chosen, size=CHUNK), [*values, row.pk, row.channel, row.rank, clock.real_now()]
        )
        return int(cursor.fetchone()[0])


def pieces(text: str) -> int:
    """Short messages that a text makes: 70 characters, or several of 67 that the phone joins (3GPP TS 23.040)."""
    return 1 if len(text) <= 70 else ceil(len(text) / 67)


@action("gateways.send")
def fan_out_end(by: Actor, event_id: int, warning_id: int, purpose: str, text: str) -> list[Fanout]:
    """解除群发入列: those who were told of a warning, or may have been, are told of its end by the same channel."""
    rows, made = Fanout.objects.unscoped(WHY), []
    for was in rows.filter(warning_id=warning_id, purpose=Fanout.ISSUED):
        if rows.filter(event_id=event_id, channel=was.channel).exists():
            continue
        row = Fanout.objects.create(
            event_id=event_id, warning_id=warning_id, channel=was.channel, rank=was.rank, purpose=purpose, text=text,
            created_at=clock.now(), area=was.area, pieces=pieces(text),
        )  # fmt: skip
        now = clock.real_now()
        chunks = [
            FanoutChunk(fanout=row, channel=row.channel, rank=row.rank, number=chunk.number, blocks=chunk.blocks,
                        outcomes=bytes(chunk.outcomes).translate(TOLD), due_at=now)
            for chunk in FanoutChunk.objects.filter(fanout=was)
        ]  # fmt: skip
        told = FanoutChunk.objects.bulk_create(
            [one for one in chunks if Mark.OWED in bytes(one.outcomes)], batch_size=500
        )
        row.total = sum(bytes(one.outcomes).count(Mark.OWED) for one in told)
        row.done_at = None if row.total else clock.now()
        row.save()
        record(by, "解除群发入列", row)
        made.append(row)
    return made


def claim(channel: str = "") -> FanoutChunk | None:
    """The next chunk (of a channel), of the highest level; committed before anything is sent."""
    now = clock.real_now()
    with transaction.atomic():
        owed = FanoutChunk.objects.filter(state="queued", due_at__lte=now).order_by("rank", "id")
        owed = owed.filter(channel=channel) if channel else owed
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
    channel, marks = discover().get(chunk.fanout.channel), bytearray(chunk.outcomes)
    people_of = people.blocks(chunk.blocks)
    receivers = list(chain.from_iterable(block.receivers for block in people_of))
    addresses = list(chain.from_iterable(block.addresses for block in people_of))
    for n, mark in enumerate(marks):
        if mark <= Mark.RETRY and not addresses[n]:
            marks[n] = Mark.GONE
    owed = [n for n, mark in enumerate(marks) if mark <= Mark.RETRY]
    at_once, numbers = step(channel, len(owed)), list[tuple[str, int]]()
    for start in range(0, len(owed), at_once):
        part = owed[start : start + at_once]
        pace.take_turn(chunk.channel, len(part))
        for n in part:
            marks[n] = Mark.UNDER_WAY
        if not write_down(chunk, marks, numbers):
            log.warning("chunk %s took longer than its lease and is somebody else's now", chunk)
            return start
        letters = [letter(chunk.fanout, receivers[n], addresses[n]) for n in part]
        for n, receipt in zip(part, attempt(channel, letters), strict=True):
            marks[n] = MARKS[receipt.outcome]
            numbers += [(number, n) for number in receipt.numbers]
    with transaction.atomic():
        settle(chunk, bytes(marks), numbers)
    return len(owed)


def write_down(chunk: FanoutChunk, marks: bytearray, numbers: list[tuple[str, int]]) -> bool:
    """What became of the last part and what goes out next, with the lease renewed; False when it is somebody else's."""
    with transaction.atomic():
        ours = held(chunk).update(outcomes=bytes(marks), claimed_at=clock.real_now())
        if ours:
            reports.owe(numbers, chunk_id=chunk.pk)
    numbers.clear()
    return bool(ours)


def step(channel: Channel | None, owed: int) -> int:
    """How many go out before the next is written down: no more than may end as 结果不明, and than a second allows."""
    most = owed if channel is None or channel.repeatable() else UNDER_WAY
    limit = pace.limits().get(channel.name) if channel else None
    return max(1, min(most, limit or most))


def letter(fanout: Fanout, receiver: int, address: str) -> Message:
    return Message(
        f"{fanout.pk}:{receiver}",
        "",
        address,
        fanout.text,
        fanout.purpose,
        "monitoring.Warning",
        str(fanout.warning_id),
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


def settle(chunk: FanoutChunk, marks: bytes, numbers: Sequence[tuple[str, int]] = ()) -> None:
    """Write a chunk back: owed again later, or done, with its numbers added to the fan-out's. Not when it is somebody
    else's by now."""
    owed = any(mark <= Mark.RETRY for mark in marks)
    if owed and chunk.attempts >= MAX_ATTEMPTS:
        marks, owed = bytes(Mark.REFUSED if mark <= Mark.RETRY else mark for mark in marks), False
    chunk.outcomes, chunk.state = marks, "queued" if owed else "done"
    chunk.due_at = clock.real_now() + timedelta(seconds=min(60.0, 0.25 * 2**chunk.attempts) if owed else 0)
    ours = held(chunk).update(outcomes=chunk.outcomes, state=chunk.state, due_at=chunk.due_at)
    if ours:
        reports.owe(numbers, chunk_id=chunk.pk)
    if ours and not owed:
        add_up(chunk, Counter(marks))


def add_up(chunk: FanoutChunk, counts: Counter[int]) -> None:
    """GONE from the beginning was never counted into the total."""
    fanout = Fanout.objects.unscoped(WHY).select_for_update(no_key=True).get(pk=chunk.fanout_id)
    fanout.delivered += counts[Mark.DELIVERED]
    fanout.refused += counts[Mark.REFUSED]
    fanout.unknown += counts[Mark.UNKNOWN]
    fanout.first_at = fanout.first_at or clock.now()
    if not FanoutChunk.objects.filter(fanout=fanout).exclude(state="done").exists():
        fanout.gone = fanout.total - fanout.delivered - fanout.refused - fanout.unknown
        fanout.done_at = clock.now()
        finish(SENDER, fanout)
    fanout.save()


def report(fanout: Fanout, changes: Counter[str]) -> None:
    """Add up what reports changed. fanout: locked."""
    for name in ("delivered", "unknown", "refused", "confirmed"):
        setattr(fanout, name, max(0, getattr(fanout, name) + changes[name] - changes[f"-{name}"]))
    codes = {name.removeprefix("code:"): count for name, count in changes.items() if name.startswith("code:")}
    fanout.codes = {code: fanout.codes.get(code, 0) + codes.get(code, 0) for code in sorted({*fanout.codes, *codes})}
    fanout.recount = fanout.recount or bool(changes["-delivered"] or changes["-unknown"])
    fanout.save()


def recount() -> None:
    """Once reports took somebody back or brought somebody who was unknown, the receipts by area are counted again."""
    rows = Fanout.objects.unscoped(WHY).filter(recount=True).exclude(done_at=None)
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            fanout = rows.select_for_update(no_key=True).filter(pk=pk).first()
            if fanout is not None:
                fanout.recount = False
                fanout.save(update_fields=["recount"])
                finish(SENDER, fanout)


def unknown_places(phone: str, names: list[str], since: datetime, until: datetime) -> list[tuple[int, int]]:
    """(chunk, place) where this phone's end is unknown, of one-part fan-outs that were sent in that time."""
    found: list[tuple[int, int]] = []
    for block, index in people.places(phone):
        rows = FanoutChunk.objects.filter(channel__in=names, state="done", claimed_at__range=(since, until))
        for chunk in rows.filter(blocks__contains=[block], fanout__pieces=1):
            sizes, before = people.block_sizes(chunk.blocks), chunk.blocks[: chunk.blocks.index(block)]
            place = sum(sizes[pk][1] for pk in before) + index
            if chunk.outcomes[place] == Mark.UNKNOWN:
                found.append((chunk.pk, place))
    return found


@action("gateways.send")
def finish(by: Actor, fanout: Fanout) -> None:
    """群发完成: one entry of the journal for all of them, and the receipts by area for the coverage."""
    reached: Counter[int] = Counter()
    chunks = list(FanoutChunk.objects.filter(fanout=fanout).values_list("blocks", "outcomes"))
    sizes = people.block_sizes(chain.from_iterable(blocks for blocks, _ in chunks))
    for blocks, outcomes in chunks:
        at, marks = 0, bytes(outcomes)
        for area_id, size in (sizes[pk] for pk in blocks):
            reached[area_id] += sum(marks.count(mark, at, at + size) for mark in (Mark.DELIVERED, Mark.CONFIRMED))
            at += size
    for area in Area.objects.filter(pk__in=reached if fanout.purpose == Fanout.ISSUED else []):
        if reached[area.pk]:
            mobilisation.note_receipts(by, fanout.warning_id, area.pk, fanout.channel, reached[area.pk])
    record(by, "群发完成", fanout)


def work_off(channel: str = "") -> int:
    """Send everything that is due. Returns how many messages were tried."""
    take_back()
    tried = 0
    while (chunk := claim(channel)) is not None:
        tried += send_chunk(chunk)
    return tried


def owed() -> list[str]:
    """Channels that have something to do."""
    now = clock.real_now()
    lapsed = FanoutChunk.objects.filter(state="sending", claimed_at__lt=now - timedelta(seconds=LEASE_S))
    due = FanoutChunk.objects.filter(state="queued", due_at__lte=now, channel=OuterRef("channel"))
    live = (
        Fanout.objects.unscoped(WHY)
        .filter(done_at=None)
        .filter(Exists(due) | Exists(lapsed.filter(channel=OuterRef("channel"))))
    )
    return sorted(set(live.values_list("channel", flat=True)))


def tidy(now: datetime) -> int:
    """忘记: who got what is nobody's business once nothing more will be said about it; only the sums stay. Then the
    roster may lay small blocks together. Returns how many chunks went."""
    chunks = FanoutChunk.objects.filter(fanout__done_at__lt=now - KEEP)
    over = [pk for pk in set(chunks.values_list("fanout__warning_id", flat=True)) if ended(pk, now)]
    gone, _ = chunks.filter(fanout__warning_id__in=over).delete()
    in_use = set(chain.from_iterable(FanoutChunk.objects.values_list("blocks", flat=True)))
    mobilisation.regroup(in_use)
    return gone


def ended(warning_id: int, now: datetime) -> bool:
    warning = published.warning(warning_id)
    return warning is None or not warning.in_force(now)
