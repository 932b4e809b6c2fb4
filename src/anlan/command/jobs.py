"""Timers: what is late by the clock. Run in the worker; each finding is one action of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from anlan.command.actions import (
    announce_due,
    assess_quake,
    chase_item,
    escalate_callee,
    escalate_clock,
    escalate_task,
    report_late_completion,
    tell_late_lesson,
)
from anlan.command.actions.clocks import ESCALATE, SOON
from anlan.command.actions.clocks import MOST_ESCALATIONS as CLOCK_STEPS
from anlan.command.actions.instructions import CHASE, MOST_CHASES
from anlan.command.actions.losses import chase_losses, follow_losses
from anlan.command.actions.rollcalls import start_roll_call
from anlan.command.actions.sandboxes import follow_sandbox
from anlan.command.duty import sandboxes
from anlan.command.models import (
    OWN,
    RUNNING,
    Callee,
    InstructionItem,
    Lesson,
    LossProcess,
    LossReturn,
    ReportClock,
    RollCall,
    SandboxRun,
    Task,
)
from anlan.command.planning.runner import Runner
from anlan.command.quakes import judged
from anlan.command.states import TASK_OPEN, TASK_WAITING
from anlan.hazards.seismic import run as judge_shaking
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Conflict, NotFound
from anlan.kernel.events.outbox import every

WATCH = system("时限")
#: After the deputy and the duty leader nobody further is told.
MOST_ESCALATIONS = 2


@every(1)
def late_tasks() -> int:
    """Escalate what was not acknowledged, announce what was not completed. Returns how many."""
    now, done = clock.now(), 0
    tasks = Task.objects.unscoped("the clock looks at all tasks")
    for pk in tasks.filter(
        state__in=TASK_WAITING, acknowledge_by__lte=now, escalation__lt=MOST_ESCALATIONS
    ).values_list("pk", flat=True):
        done += attempt(escalate_task, pk)
    unfinished = tasks.filter(state__in=TASK_OPEN, due_at__lte=now, completion_late_at__isnull=True)
    for pk in unfinished.values_list("pk", flat=True):
        done += attempt(report_late_completion, pk)
    return done


stress_tests = Runner()


@every(1)
def run_stress_tests() -> None:
    """What was ordered is computed beside everything else."""
    stress_tests.wake()


@every(1)
def report_clocks() -> int:
    """Announce reports that are about to be due, and those that are overdue. Returns how many."""
    now: datetime = clock.now()
    soon = OWN & Q(soon_at__isnull=True, due_at__lte=now + SOON)
    overdue = Q(overdue_at__isnull=True, due_at__lte=now)
    clocks = ReportClock.objects.unscoped("the clock looks at all duties").filter(RUNNING)
    done = sum(attempt(announce_due, pk) for pk in clocks.filter(soon | overdue).values_list("pk", flat=True))
    late = clocks.filter(OWN, overdue_at__lte=now - ESCALATE, escalation__lt=CLOCK_STEPS)
    late = late.filter(Q(escalated_at__isnull=True) | Q(escalated_at__lte=now - ESCALATE))
    return done + sum(attempt(escalate_clock, pk) for pk in late.values_list("pk", flat=True))


@every(2)
def unanswered_calls() -> int:
    """叫应: pass on what was not answered in time. Returns how many."""
    late = Callee.objects.unscoped("the clock looks at all calls").filter(
        state=Callee.State.WAITING, answer_by__lte=clock.now(), round__closed_at__isnull=True
    )
    return sum(attempt(escalate_callee, pk) for pk in late.values_list("pk", flat=True))


@every(5)
def late_instructions() -> int:
    """批示: chase what is overdue. Returns how many."""
    now = clock.now()
    rows = InstructionItem.objects.unscoped("the clock looks at all instructions").filter(
        done_at__isnull=True, due_at__lte=now, chased__lt=MOST_CHASES
    )
    rows = rows.filter(Q(chased_at__isnull=True) | Q(chased_at__lte=now - CHASE))
    return sum(attempt(chase_item, pk) for pk in rows.values_list("pk", flat=True))


@every(60)
def late_lessons() -> int:
    """整改: tell once what is overdue. Returns how many."""
    today = clock.now().astimezone(clock.BEIJING).date()
    rows = Lesson.objects.unscoped("the clock looks at all lessons").filter(
        state=Lesson.State.OPEN, due_on__lt=today, late_told_at__isnull=True
    )
    return sum(attempt(tell_late_lesson, pk) for pk in rows.values_list("pk", flat=True))


@every(60)
def repeat_roll_calls() -> int:
    """点名 that repeats: the next begins when its hours are over and the last one is closed. Returns how many."""
    now, begun = clock.now(), 0
    rows = RollCall.objects.unscoped("the clock looks at all roll-calls")
    for area_id in set(rows.filter(repeat_h__gt=0).values_list("area_id", flat=True)):
        last = rows.filter(area=area_id).latest("started_at")
        if last.repeat_h and last.closed_at and last.started_at + timedelta(hours=last.repeat_h) <= now:
            start_roll_call(WATCH, area_id, last.title, last.repeat_h)
            begun += 1
    return begun


@every(30)
def losses_by_the_clock() -> int:
    """灾情统计: open the 续报 that is owed, chase what is late. Returns how many."""
    now, why = clock.now(), "the clock looks at all disasters"
    running = LossProcess.objects.unscoped(why).filter(stable_at__isnull=True)
    done = sum(attempt(follow_losses, pk) for pk in running.values_list("pk", flat=True))
    late = LossReturn.objects.unscoped(why).filter(
        state__in=["drafted", "returned"], due_at__lte=now, late_told_at__isnull=True
    )
    return done + sum(attempt(chase_losses, pk) for pk in late.values_list("pk", flat=True))


@every(2)
def follow_sandboxes() -> int:
    """演练沙盒: start what was ordered, follow what runs, clear away what has ended. Returns how many run."""
    rows = SandboxRun.objects.unscoped("the worker follows all sandboxes")
    running = list(rows.filter(state__in=sandboxes.ALIVE).values_list("pk", flat=True))
    for pk in running:
        attempt(follow_sandbox, pk)
    for row in rows.filter(state__in=["ended", "failed"]).select_related("drill").order_by("-pk")[:5]:
        if sandboxes.mailbox(row).told()[0].get("state") in ("ended", "failed"):
            sandboxes.clear(row)
    sandboxes.reap()
    return len(running)


def attempt(verb: object, pk: int) -> int:
    """1 when it was done; 0 when somebody was faster or there is nobody to tell."""
    try:
        verb(WATCH, pk)  # type: ignore[operator]
    except (Conflict, NotFound):
        return 0
    return 1


@every(5)
def station_peaks() -> int:
    """Judge the earthquakes of the last day anew where stations have told more since. Returns how many."""
    recent = judged.of_last_day(WATCH, clock.now()).values_list("pk", flat=True)
    return sum(assess_quake(WATCH, pk) is not None for pk in recent)


@every(86_400)
def ready_for_earthquakes() -> int:
    """Load the compiled kernels of the earthquake engine, so that the first report is judged as fast as the second."""
    judge_shaking(106.8, 39.65, {"magnitude": 5.0})
    return 0
