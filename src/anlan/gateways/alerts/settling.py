"""状态报告: what gateways say later about what they took.

A settler gives each report its effect: a single
message is delivered or has failed with the gateway's code, a place in a chunk likewise. Reports may come before the answer
of the sender is written down, long after the fan-out was done, or twice: they wait for what they are about, and one number
has one effect. Where the answer to the submission was lost, the gateway's report is the first word about it: it is matched by
the phone and the time, if that names one message only.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Length

from anlan.gateways.alerts import actions, discover, mass
from anlan.gateways.alerts.mass import Mark
from anlan.gateways.alerts.models import Fanout, FanoutChunk, OutgoingMessage, SendState, StatusReport, Submission
from anlan.gateways.alerts.reports import DELIVERED, owed, pending
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system

log = logging.getLogger(__name__)
REPORTER = system("状态报告")
WHY = "reports serve every area"
BATCH = 5000
#: A report whose number nobody knows by then is about a submission whose answer was lost; how far its time may be off.
ALONE_AFTER, NEAR = timedelta(seconds=60), timedelta(minutes=3)
#: What is being sent is its sender's; its reports wait until he wrote it down.
MATCHED = """
select r.id, r.stat, s.id, s.message_id, s.chunk_id, s.place
from gateways_statusreport r join gateways_submission s on s.number = r.number
left join gateways_fanoutchunk c on c.id = s.chunk_id
where not r.settled and (s.chunk_id is null or c.state = 'done')
order by r.id limit %s for update of r, s skip locked
"""


def settle() -> int:
    """Give reports their effect. Returns how many had one."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(MATCHED, [BATCH])
            rows = cursor.fetchall()
        if not rows:
            return 0
        Submission.objects.filter(pk__in=[row[2] for row in rows]).delete()
        StatusReport.objects.filter(pk__in=[row[0] for row in rows]).update(settled=True, phone="")
        messages: dict[int, list[str]] = defaultdict(list)
        chunks: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for _, stat, _, message_id, chunk_id, place in rows:
            if message_id is not None:
                messages[message_id].append(stat)
            else:
                chunks[chunk_id].append((place, stat))
        actions.keep_reports(REPORTER, messages)
        settle_chunks(chunks)
    return len(rows)


def settle_chunks(said: dict[int, list[tuple[int, str]]]) -> None:
    changes: dict[int, Counter[str]] = defaultdict(Counter)
    for chunk in FanoutChunk.objects.filter(pk__in=said).select_for_update(no_key=True).order_by("pk"):
        marks = bytearray(chunk.outcomes)
        waiting = set(Submission.objects.filter(chunk=chunk).values_list("place", flat=True))
        for place, stat in said[chunk.pk]:
            changes[chunk.fanout_id].update(told(marks, place, stat, place in waiting))
        chunk.outcomes = bytes(marks)
        chunk.save(update_fields=["outcomes"])
    for fanout in Fanout.objects.unscoped(WHY).filter(pk__in=changes).select_for_update(no_key=True).order_by("pk"):
        mass.report(fanout, changes[fanout.pk])


def told(marks: bytearray, place: int, stat: str, more: bool) -> list[str]:
    """What one report makes of one receiver: a part that failed is the whole message failed; he has it when no part is owed
    any more. Returns what changed, by column."""
    if place >= len(marks) or marks[place] not in (Mark.DELIVERED, Mark.UNKNOWN):
        return []
    was = "unknown" if marks[place] == Mark.UNKNOWN else "delivered"
    if stat != DELIVERED:
        marks[place] = Mark.FAILED
        return [f"-{was}", "refused", f"code:{stat}"]
    if more:
        return []
    marks[place] = Mark.CONFIRMED
    return ["confirmed"] if was == "delivered" else ["-unknown", "delivered", "confirmed"]


def settle_alone() -> int:
    """Reports whose number nobody wrote down: the answer was lost. Returns how many named one message."""
    before = clock.real_now() - ALONE_AFTER
    rows = StatusReport.objects.filter(settled=False, at__lt=before).exclude(phone="").order_by("pk")
    return sum(by_phone(row) for row in rows.exclude(submitted=None)[:200])


def by_phone(row: StatusReport) -> bool:
    """A single message whose end is unknown, of that number and that minute; or a place in a chunk. One, or nothing."""
    assert row.submitted is not None
    since, until = row.submitted - NEAR, row.submitted + NEAR
    with transaction.atomic():
        rows = OutgoingMessage.objects.unscoped(WHY).filter(state=SendState.UNKNOWN, claimed_at__range=(since, until))
        listening = [channel.name for channel in discover().values() if channel.listen]
        found = list(
            rows.annotate(size=Length("text"))
            .filter(address=row.phone, channel__in=listening, size__lte=70)
            .values_list("pk", flat=True)
        )
        places = mass.unknown_places(row.phone, listening, since, until)
        if len(found) + len(places) == 1:
            if found:
                actions.keep_reports(REPORTER, {found[0]: [row.stat]})
            else:
                settle_chunks({places[0][0]: [(places[0][1], row.stat)]})
        # Whatever it was, it is looked at once: what is ambiguous now stays so.
        StatusReport.objects.filter(pk=row.pk).update(settled=True, phone="")
    return len(found) + len(places) == 1


class Reporters:
    """For every channel that reports a line that listens, and one that settles; each in a thread of its own."""

    def __init__(self) -> None:
        self.threads: dict[str, threading.Thread] = {}

    def wake(self) -> None:
        if owed():
            for channel in discover().values():
                if channel.listen is not None and channel.ready():
                    self.start(f"reports {channel.name}", channel.listen)
        if pending():
            self.start("settle reports", settle_all)

    def start(self, name: str, work: Callable[[Callable[[], bool]], None]) -> None:
        known = self.threads.get(name)
        if known is None or not known.is_alive():
            self.threads[name] = threading.Thread(target=run, args=(work,), name=name, daemon=True)
            self.threads[name].start()


def run(work: Callable[[Callable[[], bool]], None]) -> None:
    try:
        work(owed)
    except Exception:
        log.exception("status reports stopped, trying again")
    finally:
        connection.close()


def settle_all(wanted: Callable[[], bool]) -> None:
    del wanted
    while settle():
        pass
    settle_alone()
    mass.recount()
