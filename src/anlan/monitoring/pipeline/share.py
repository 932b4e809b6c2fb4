"""Who does which part of the work: partitions of the log over evaluators, by advisory locks of the database.

The log has a fixed number of partitions (datastream % PARTITIONS). `ANLAN_WORK_GROUPS` = G > 1 deals them out to G groups
of partitions; rules over rules and silence, which look across partitions, are a group of their own. Every process takes
its fair part of the groups; when it dies the database drops its locks and another takes them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.db import connection

from anlan.monitoring.log import PARTITIONS

#: Classes of advisory locks: one partition (its number; UPPER for rules over rules), and the presence of a process.
OWNER_LOCK, PRESENCE_LOCK = 0x616E6C63, 0x616E6C64
UPPER = 1000


@dataclass(frozen=True)
class Share:
    """Partitions of the log, and whether rules over rules and silence are judged here."""

    partitions: frozenset[int]
    upper: bool

    def owns(self, stream: int) -> bool:
        return stream % PARTITIONS in self.partitions

    def judges(self, target: str) -> bool:
        """Whether alarms of this target ("d12" a datastream, "s5" a station, "a3" an area) are raised here."""
        return self.owns(int(target[1:])) if target[0] == "d" else self.upper

    @property
    def name(self) -> str:
        """The name of its consumer."""
        if len(self.partitions) == PARTITIONS:
            return "worker"
        return "worker-" + ("-".join(map(str, sorted(self.partitions))) or "upper")

    @property
    def subjects(self) -> list[str]:
        if len(self.partitions) == PARTITIONS:
            return ["obs.>"]
        return [f"obs.{n}.>" for n in sorted(self.partitions)]

    def take(self) -> bool:
        """Own all of it, for as long as this connection lives, or nothing."""
        keys = sorted(self.partitions) + [UPPER] * self.upper
        with connection.cursor() as cursor:
            for key in keys:
                cursor.execute("select pg_try_advisory_lock(%s, %s)", [OWNER_LOCK, key])
                if not cursor.fetchone()[0]:
                    cursor.execute("select pg_advisory_unlock_all()")
                    return False
        return True


ALL = Share(frozenset(range(PARTITIONS)), True)


def groups_wanted() -> int:
    return min(PARTITIONS, max(1, int(os.environ.get("ANLAN_WORK_GROUPS", "1"))))


def shares(groups: int) -> list[Share]:
    """The work as `groups` parts, and rules over rules as one more when there are several."""
    if groups == 1:
        return [ALL]
    parts = [Share(frozenset(n for n in range(PARTITIONS) if n % groups == g), False) for g in range(groups)]
    return [*parts, Share(frozenset(), True)]


def be_present() -> None:
    """Let other processes count this one, for as long as this connection lives."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock_shared(%s, 0)", [PRESENCE_LOCK])


def present() -> int:
    """How many processes there are to share the work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct l.pid) from pg_locks l join pg_database d on d.oid = l.database"
            " where l.locktype = 'advisory' and l.classid = %s and l.granted and d.datname = current_database()",
            [PRESENCE_LOCK],
        )
        return max(1, int(cursor.fetchone()[0]))


def let_go() -> None:
    """Give locks and connection back, whatever state they are in. The locks are those of the session, which must end: a
    connection that only went back to the pool would keep them from us, too."""
    if connection.connection is not None:
        connection.connection.close()
    connection.close()
