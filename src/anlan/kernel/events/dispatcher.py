"""The one dispatcher: publishes the outbox in order, runs the reactions, runs the timers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from anlan.kernel import clock
from anlan.kernel.audit import journal
from anlan.kernel.events.models import Delivery, Event
from anlan.kernel.events.outbox import HANDLERS, PUBLISHED, TIMERS, WAKE, Handler

log = logging.getLogger(__name__)
DISPATCH_LOCK = 0x616E6C62
BATCH = 500
MAX_ATTEMPTS = 8


def publish() -> int:
    """Stamp `published_seq` on what has committed, in one order for everybody. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [DISPATCH_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        waiting = list(Event.objects.filter(published_seq__isnull=True).order_by("id")[:BATCH])
        if not waiting:
            return 0
        cursor.execute("select coalesce(max(published_seq), 0) from kernel_event")
        last = cursor.fetchone()[0]
        for seq, event in enumerate(waiting, last + 1):
            event.published_seq = seq
        Event.objects.bulk_update(waiting, ["published_seq"])
        now = clock.real_now()
        Delivery.objects.bulk_create(
            [
                Delivery(event=event, handler=name, due_at=now)
                for event in waiting
                for name, _ in HANDLERS.get(event.name, [])
            ],
            ignore_conflicts=True,
        )
        cursor.execute("select pg_notify(%s, %s)", [PUBLISHED, str(last + len(waiting))])
        return len(waiting)


def handler_named(event_name: str, name: str) -> Handler | None:
    return next((handler for key, handler in HANDLERS.get(event_name, []) if key == name), None)


def deliver_one() -> bool:
    """Run the next owed reaction; False when none is due. Changes and the mark `done` commit together."""
    owed = Delivery.objects.filter(done_at__isnull=True, attempts__lt=MAX_ATTEMPTS, due_at__lte=clock.real_now())
    delivery: Delivery | None = None
    try:
        with transaction.atomic(), journal.deferred():
            delivery = owed.select_for_update(skip_locked=True, of=("self",)).order_by("id").first()
            if delivery is None:
                return False
            handler = handler_named(delivery.event.name, delivery.handler)
            if handler is not None:
                handler(delivery.event)
            delivery.done_at = clock.real_now()
            delivery.error = "" if handler else "该反应已不存在"
            delivery.save()
    except Exception as error:  # a reaction must never stop the dispatcher: it is noted and tried again
        if delivery is None:
            raise
        log.exception("reaction %s failed", delivery)
        put_off(delivery, error)
    return True


def put_off(delivery: Delivery, error: Exception) -> None:
    """Note why a reaction failed and when to try again: after 1, 2, 4 … seconds, at most 5 minutes."""
    delay = timedelta(seconds=min(300, 2**delivery.attempts))
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts + 1, due_at=clock.real_now() + delay, error=f"{type(error).__name__}: {error}"
    )


def drain() -> int:
    """Publish and react until nothing is left to do now (tests, shutdown). Returns reactions run."""
    ran = 0
    while publish() or deliver_one():
        ran += 1
    return ran


def run_timers(next_run: dict[int, float]) -> None:
    for index, (seconds, job) in enumerate(TIMERS):
        if time.monotonic() >= next_run.get(index, 0.0):
            next_run[index] = time.monotonic() + seconds
            try:
                job()
            except Exception:
                log.exception("timer %s failed", getattr(job, "__name__", job))


def run(stop: threading.Event, wait_s: float = 0.25) -> None:
    """The worker's loop: woken by NOTIFY, looking anyway every `wait_s` seconds."""
    next_run: dict[int, float] = {}
    listener = listen()
    while not stop.is_set():
        try:
            while (publish() or deliver_one()) and not stop.is_set():
                run_timers(next_run)  # a stream of events holds up no timer
            run_timers(next_run)
            for _ in listener.notifies(timeout=wait_s, stop_after=1):
                pass
        except (psycopg.OperationalError, OperationalError, InterfaceError):
            log.warning("database out of reach, trying again")
            time.sleep(1.0)
            close_old_connections()
            listener = retry(listen, stop)
    listener.close()


def listen() -> psycopg.Connection[tuple[object, ...]]:
    params = connection.get_connection_params()
    for key in ("pool", "cursor_factory", "context"):
        params.pop(key, None)
    conn = psycopg.connect(**params, autocommit=True)
    conn.execute(f"listen {WAKE}")
    return conn


def retry(
    connect: Callable[[], psycopg.Connection[tuple[object, ...]]], stop: threading.Event
) -> psycopg.Connection[tuple[object, ...]]:
    while True:
        try:
            return connect()
        except psycopg.OperationalError:
            if stop.wait(1.0):
                raise
