"""The rule engine of the worker: evaluation over what was just written, and the alarms that follow, in the same
transaction. One engine owns all rule state of its share; there is no second thread to race with."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from anlan.kernel.accounts.actor import Actor, system
from anlan.monitoring import log as layout
from anlan.monitoring.actions import process
from anlan.monitoring.models import Alarm, AlarmRule, GroupBy, RuleKind
from anlan.monitoring.pipeline import scope as scopes
from anlan.monitoring.pipeline import store
from anlan.monitoring.pipeline.findings import finding
from anlan.monitoring.pipeline.share import ALL, Share
from anlan.monitoring.queries import milliseconds, moment
from anlan.monitoring.rules import alarms
from anlan.monitoring.rules.alarms import Change, Watch, What
from anlan.monitoring.rules.isa import State

#: A reading this late may still change what is judged live; older ones are history. ms of event time.
LATE_WINDOW_MS = 10 * 60_000
#: Beside factor x interval, for the way through network and log.
SILENCE_GRACE_MS = 2000
#: A chain of composites longer than this is taken for a circle.
DEPTH = 8


class Engine:
    """Rules, their state, and who was heard when. Built from the database; thrown away after any failure."""

    def __init__(self, now_ms: int, live: NDArray[np.int64], share: Share = ALL, by: Actor | None = None) -> None:
        """live: event time up to which each datastream is judged, by id."""
        self.by = by or system(process.ENGINE)
        self.share = share
        #: Who was heard when, ms, by station; 0 = never.
        self.heard = np.zeros(1, np.int64)
        self.live = live
        #: Whether something went into the tables since somebody set it to false.
        self.wrote = False
        self.heard_until, self.hear_again_at = moment(now_ms), 0.0
        self.reload()
        self.start_hearing(now_ms)

    def reload(self) -> None:
        """Take the rules and the registry as they are now; keep the state of what is still watched."""
        self.scope = scopes.load()
        self.saved = {key: cells for key, cells in store.read_cells().items() if self.share.judges(key[1])}
        owned = self.scope.watching.items()
        if len(self.share.partitions) < layout.PARTITIONS:
            owned = {stream: rules for stream, rules in owned if self.share.owns(stream)}.items()
        self.evaluator = alarms.Evaluator(dict(owned), self.restore)
        for _, target in self.saved:
            if target[0] == "d":
                self.evaluator.of(int(target[1:]))
        self.held = self.open_targets()
        self.set_timers()
        self.forget_what_is_not_watched()

    def refresh(self, stations: Collection[int]) -> set[int]:
        """Take these stations as they are now; returns the datastreams concerned."""
        concerned = self.scope.read(stations)
        for stream in concerned:
            if self.share.owns(stream):
                self.evaluator.assign(stream, self.scope.watching.get(stream, ()))
        self.set_timers()
        self.forget_what_is_not_watched()
        return concerned

    def restore(self, stream: int, watch: Watch) -> None:
        bands = {limit.band for limit in watch.rule.limits}
        cells = self.saved.get((watch.rule.id, watch.target), {})
        watch.cells = {band: cell for band, cell in cells.items() if band in bands}
        watch.last_at = self.live_at(stream)
        if watch.cells:
            reach = alarms.EVIDENCE * watch.rule.hold_ms
            watch.evidence.extend(store.samples(stream, watch.last_at - reach, watch.last_at)[-alarms.EVIDENCE :])
        if watch.rule.window_ms:
            last = self.live_at(stream)
            watch.history = deque(store.samples(stream, last - watch.rule.window_ms, last) if last else ())

    def live_at(self, stream: int) -> int:
        return int(self.live[stream]) if stream < len(self.live) else 0

    def open_targets(self) -> dict[int, set[str]]:
        """rule -> targets on which it holds."""
        held: dict[int, set[str]] = {}
        self.suppressed: set[tuple[int, str]] = set()
        rows = Alarm.objects.unscoped(scopes.WHY).filter(process.OPEN, active=True, station__isnull=False)
        for rule, target, state in rows.values_list("rule_id", "subject", "state"):
            if not (self.share.upper or self.share.judges(target)):
                continue
            held.setdefault(rule, set()).add(target)
            if state == State.SUPPRESSED.value:
                self.suppressed.add((rule, target))
        return held

    def forget_what_is_not_watched(self) -> None:
        """A rule that was switched off, or a limit that was taken away, holds no alarm up."""
        watched = {(rule_id, target): self.watch_of(rule_id, target) for rule_id, target in self.saved}
        cells = {key: dict(watch.cells) if watch else {} for key, watch in watched.items()}
        store.save_cells({key: now for key, now in cells.items() if now != self.saved[key]})
        self.saved = {key: now for key, now in cells.items() if now}
        for rule_id, targets in list(self.held.items()):
            rule = self.scope.rules.get(rule_id)
            for target in filter(self.share.judges, list(targets)):
                streamwise = rule is not None and rule.kind in (RuleKind.LIMIT, RuleKind.RATE)
                watch = self.watch_of(rule_id, target) if streamwise else None
                if rule is None or (streamwise and (watch is None or not watch.band)):
                    self.clear(rule_id, target, self.now_or_last(target), "规则停用或修改")

    def watch_of(self, rule_id: int, target: str) -> Watch | None:
        return self.evaluator.watch(int(target[1:]), rule_id) if target[0] == "d" else None

    def now_or_last(self, target: str) -> int:
        last = self.live_at(int(target[1:])) if target[0] == "d" else 0
        return last or int(self.heard.max(initial=0)) or int(self.live.max(initial=0))

    def clear(self, rule_id: int, target: str, at: int, reason: str = "") -> None:
        self.held.get(rule_id, set()).discard(target)
        process.clear_alarm(self.by, rule_id, target, moment(at), reason)

    # -- readings ---------------------------------------------------------------------------------------------

    def process(self, live: store.Rows, late: store.Rows, past: store.Rows) -> None:
        """live: newer than anything judged of their stream, in order. late: out of order, or another value for an
        instant already judged. past: backfill. Mere repeats are in none of them."""
        changes, walked = self.evaluator.evaluate(live.stream, live.at_ms, live.value, live.good)
        # Not before: a watch that is new looks at what was until then.
        np.maximum.at(self.live, live.stream, live.at_ms)
        self.save(walked)
        self.apply(changes)
        self.judge_late(late)
        self.judge_past(past)

    def know(self, judged: store.Rows) -> None:
        """Take note of readings whose alarms were found by whoever was before us, and that are stored only now: what was
        restored of their datastreams did not see them. judged: the newest of each."""
        np.maximum.at(self.live, judged.stream, judged.at_ms)
        for stream in judged.stream.tolist():
            if self.evaluator.forget(stream):
                self.evaluator.of(stream)

    def looks_back(self, rows: store.Rows) -> bool:
        """Whether judging these readings begins with a look at stored ones (`restore`)."""
        found = self.evaluator.interesting(rows.stream, rows.value, rows.good)
        fresh = [stream for stream in np.unique(rows.stream[found]).tolist() if stream not in self.evaluator.watches]
        return any(
            rule.window_ms > 0 or self.saved.get((rule.id, alarms.stream_target(stream)))
            for stream in fresh
            for rule in self.evaluator.rules.get(stream, ())
        )

    def save(self, watches: list[Watch]) -> None:
        """Write the state of those watches that changed."""
        changed: dict[store.Key, dict[str, alarms.Cell]] = {}
        for watch in watches:
            key = (watch.rule.id, watch.target)
            if watch.cells != self.saved.get(key, {}):
                changed[key] = self.saved[key] = dict(watch.cells)
        self.wrote |= bool(changed)
        store.save_cells(changed)

    def apply(self, changes: list[Change]) -> None:
        """Alarms for the changes, and for what depends on them."""
        if changes:
            self.wrote = True
            self.hold_alarms(changes)
        waiting: deque[tuple[Change, int, scopes.Place | None]] = deque((change, 0, None) for change in changes)
        while waiting:
            change, depth, trigger = waiting.popleft()
            self.apply_one(change, trigger)
            if depth < DEPTH:
                waiting.extend((after, depth + 1, cause) for after, cause in self.consequences(change))

    def hold_alarms(self, changes: list[Change]) -> None:
        """Lock the open alarms concerned before the journal's chain: operators lock in that order too."""
        upper = {
            rule.pk
            for change in changes
            if (own := self.scope.rules.get(change.rule_id))
            for rule in self.scope.dependants.get(own.code, [])
        }
        mine = Q(rule_id__in={change.rule_id for change in changes}, subject__in={change.target for change in changes})
        rows = Alarm.objects.unscoped(scopes.WHY).filter(process.OPEN).filter(mine | Q(rule_id__in=upper))
        list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))

    def apply_one(self, change: Change, trigger: scopes.Place | None = None, suppressed: str = "") -> None:
        if change.what is What.CLEAR:
            self.clear(change.rule_id, change.target, change.at)
            return
        found = finding(self.scope, change, trigger, suppressed)
        if found is None:
            return
        self.held.setdefault(change.rule_id, set()).add(change.target)
        if change.what is What.RAISE:
            process.raise_alarm(self.by, found)
        else:
            process.escalate_alarm(self.by, found)

    def wait(self, now_ms: int) -> None:
        """On- and off-delays that run out while no reading comes."""
        changes, touched = self.evaluator.wait(now_ms)
        self.save(touched)
        self.apply(changes)

    # -- rules over rules -------------------------------------------------------------------------------------

    def consequences(self, change: Change) -> list[tuple[Change, scopes.Place | None]]:
        """What this change makes of the composites and area rules that depend on it."""
        rule = self.scope.rules.get(change.rule_id)
        station = self.scope.place_of(change.target)
        if rule is None or station is None or change.what is What.ESCALATE or not self.share.upper:
            return []
        found: list[tuple[Change, scopes.Place | None]] = []
        for upper in self.scope.dependants.get(rule.code, []):
            if scopes.covers(upper, station.path, station.kind):
                after = self.judge(upper, station, change)
                if after is not None:
                    found.append((after, station))
        return found

    def judge(self, upper: AlarmRule, station: scopes.Place, change: Change) -> Change | None:
        value: float | None = None
        target = f"s{station.pk}"
        if upper.kind == RuleKind.COMPOSITE:
            now_holds = alarms.holds(upper.expression, self.codes_held_at(station.pk))
        else:
            if upper.group_by == GroupBy.AREA:
                target = f"a{upper.area_id}"
                value = float(self.stations_held(upper))
            else:
                value = float(len(self.codes_held_at(station.pk) & set(upper.members)))
            now_holds = value >= upper.k
        if now_holds == (target in self.held.get(upper.pk, set())):
            return None
        what = What.RAISE if now_holds else What.CLEAR
        return Change(what, upper.pk, target, change.at, change.at, "", value, change.samples)

    def codes_held_at(self, station_id: int) -> set[str]:
        """Codes of the rules that hold at this station or one of its datastreams."""
        found = set()
        for rule_id, targets in self.held.items():
            rule = self.scope.rules.get(rule_id)
            stations = (self.scope.place_of(target) for target in targets)
            if rule and any(station is not None and station.pk == station_id for station in stations):
                found.add(rule.code)
        return found

    def stations_held(self, upper: AlarmRule) -> int:
        """At how many stations of the area rule one of its member rules holds."""
        members = [rule for rule in self.scope.rules.values() if rule.code in upper.members]
        targets = {target for rule in members for target in self.held.get(rule.pk, set())}
        stations = {station.pk: station for target in targets if (station := self.scope.place_of(target))}
        return sum(scopes.covers(upper, station.path, station.kind) for station in stations.values())

    # -- late and past ----------------------------------------------------------------------------------------

    def judge_late(self, late: store.Rows) -> None:
        """Readings out of order but inside the window: judge their streams again from before them."""
        earliest: dict[int, int] = {}
        for stream, at in zip(late.stream.tolist(), late.at_ms.tolist(), strict=True):
            if at >= self.live_at(stream) - LATE_WINDOW_MS:
                earliest[stream] = min(at, earliest.get(stream, at))
        for stream, at in earliest.items():
            for index, watch in enumerate(list(self.evaluator.of(stream))):
                self.judge_again(stream, index, watch, at)
            if stream in self.evaluator.watches:
                self.evaluator.note(stream)

    def judge_again(self, stream: int, index: int, watch: Watch, at: int) -> None:
        """Replace a watch by one that saw the readings in order; raise what it finds and we did not."""
        rule = watch.rule
        reach = max([rule.window_ms, *(limit.on_ms + limit.off_ms for limit in rule.limits)])
        begin = at - reach - LATE_WINDOW_MS
        before = self.alarm_at(rule.id, watch.target, begin)
        held = (milliseconds(before.started_at), before.band) if before else None
        samples = store.samples(stream, begin, max(at, self.live_at(stream)))
        again, changes = alarms.replay(rule, watch.target, samples, held)
        known = {
            milliseconds(row.started_at)
            for row in process.alarms_of(rule.id, watch.target).filter(started_at__gte=moment(begin))
        }
        self.evaluator.watches[stream][index] = again
        self.evaluator.timed.pop((rule.id, watch.target), None)
        self.save([again])
        was_held = watch.target in self.held.get(rule.id, set())
        for stay in alarms.episodes(changes):
            if stay.start in known or (stay.ended is None and was_held):
                continue
            self.apply([stay.raised, *([stay.ended] if stay.ended else [])])
        if was_held and not again.band:
            last = samples[-1] if samples else (at, 0.0)
            self.apply([Change(What.CLEAR, rule.id, watch.target, watch.start, last[0], "", last[1])])

    def alarm_at(self, rule_id: int, target: str, at: int) -> Alarm | None:
        """The alarm whose condition held at an instant."""
        when = moment(at)
        rows = process.alarms_of(rule_id, target).filter(started_at__lte=when, retro=False)
        return rows.exclude(cleared_at__lte=when).order_by("-started_at").first()

    def judge_past(self, past: store.Rows) -> None:
        """Backfill: what would have been alarms goes on record as past."""
        good = past.take(past.good)
        stays = []
        for stream in np.unique(good.stream).tolist():
            mine = good.take(good.stream == stream)
            readings = list(zip(mine.at_ms.tolist(), mine.value.tolist(), strict=True))
            for rule in self.evaluator.rules.get(stream, ()):
                stays += alarms.episodes(alarms.replay(rule, alarms.stream_target(stream), readings)[1])
        found = [(finding(self.scope, stay.raised), stay.ended) for stay in stays]
        findings = [(one, moment(end.at) if end else None) for one, end in found if one is not None]
        if findings:
            process.record_past_alarms(self.by, findings)

    # -- silence ----------------------------------------------------------------------------------------------

    def start_hearing(self, now_ms: int) -> None:
        """Our own absence is nobody's silence: whoever was heard before has from now."""
        streams, _ = store.latest_times()
        known = self.scope.streams.stations_of(streams)
        self.reach(int(known.max(initial=0)))
        self.heard[self.heard > 0] = now_ms
        self.heard[known[known > 0]] = now_ms

    def reach(self, station: int) -> None:
        """Room for this station."""
        more = station + 1 - len(self.heard)
        if more > 0:
            self.heard = np.concatenate([self.heard, np.zeros(more + 1024, np.int64)])

    def hear(self, streams: NDArray[np.int32], received_ms: NDArray[np.int64]) -> None:
        """Note who reported; an offline station is back with its first reading."""
        if not self.share.upper:
            return
        stations = self.scope.streams.stations_of(streams)
        known = stations > 0
        stations, received_ms = stations[known], received_ms[known]
        self.reach(int(stations.max(initial=0)))
        quiet = [pk for pk in self.silent() if pk < len(self.heard)]
        before = {pk: int(self.heard[pk]) for pk in quiet}
        np.maximum.at(self.heard, stations, received_ms)
        for pk in [pk for pk in quiet if self.heard[pk] > before[pk]]:  # first: `back` gives children new time
            self.back(self.scope.silence[pk], pk, int(self.heard[pk]))

    def silent(self) -> list[int]:
        """Stations of which it is said that they are off line."""
        rules = {rule.pk: rule for rule in self.scope.silence.values()} if self.held else {}
        targets = [(pk, target) for pk in rules for target in self.held.get(pk, ()) if target[0] == "s"]
        found = [(rule, int(target[1:])) for rule, target in targets]
        return [pk for rule, pk in found if pk in self.scope.silence and self.scope.silence[pk].pk == rule]

    def back(self, rule: AlarmRule, station_id: int, at: int) -> None:
        target = f"s{station_id}"
        self.apply([Change(What.CLEAR, rule.pk, target, at, at)])
        for child in self.scope.children.get(station_id, []):
            if child < len(self.heard) and self.heard[child]:
                self.heard[child] = max(int(self.heard[child]), at)

    def listen(self, now_ms: int) -> None:
        """Timers of silence: by the clock, for stations that have been heard before."""
        self.reach(int(self.timers.max(initial=0)))
        quiet = self.timers[alarms.silent(now_ms, self.heard[self.timers], self.limits)].tolist()
        for pk in sorted(quiet, key=lambda pk: pk not in self.scope.children):
            rule, target = self.scope.silence[pk], f"s{pk}"
            if target in self.held.get(rule.pk, set()):
                self.look_again(rule, pk)
            else:
                start = int(self.heard[pk]) + self.patience(pk)
                change = Change(What.RAISE, rule.pk, target, start, start)
                why = self.behind_a_silent_gateway(pk)
                self.apply_one(change, suppressed=why)
                if why:
                    self.suppressed.add((rule.pk, target))
                self.apply([after for after, _ in self.consequences(change)])

    def look_again(self, rule: AlarmRule, station_id: int) -> None:
        """The gateway is back and the station is still silent: now it is the station's own silence."""
        key = (rule.pk, f"s{station_id}")
        if key in self.suppressed and not self.behind_a_silent_gateway(station_id):
            self.suppressed.discard(key)
            process.unsuppress_by_process(self.by, *key, "采集网关已恢复，本站仍无数据")

    def set_timers(self) -> None:
        """The stations whose silence is told, and after how long, ms."""
        self.timers = np.fromiter(self.scope.silence, np.int64, len(self.scope.silence))
        self.limits = np.array([self.patience(pk) for pk in self.scope.silence], np.int64)

    def patience(self, station_id: int) -> int:
        station, rule = self.scope.places[station_id], self.scope.silence[station_id]
        return int(station.interval_s * rule.silence_factor * 1000) + SILENCE_GRACE_MS

    def behind_a_silent_gateway(self, station_id: int) -> str:
        """Why a station's silence says nothing about the station, "" when it does."""
        via = self.scope.places[station_id].via_id
        rule = self.scope.silence.get(via) if via else None
        silent = rule is not None and f"s{via}" in self.held.get(rule.pk, set())
        return f"上级采集网关离线：{self.scope.places[via].name}" if silent and via else ""
