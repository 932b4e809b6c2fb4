"""Addresses below /command/."""

from __future__ import annotations

from django.urls import path

from anlan.command.views import desk, drills, pages, verbs, watch

urlpatterns = [
    path("", watch.desk, name="desk"),
    path("intake/", desk.take_call, name="intake"),
    path("intake/check", desk.check_call, name="intake-check"),
    path("callings/", watch.callings, name="callings"),
    path("callings/<int:pk>/", watch.calling, name="calling"),
    path("callings/<int:pk>/close", watch.close_calling, name="calling-close"),
    path("callees/<int:pk>/attempt", watch.callee, name="callee-attempt"),
    path("handover/", watch.handover, name="handover"),
    path("instructions/", watch.instructions, name="instructions"),
    path("instructions/items/<int:pk>/<slug:verb>", watch.instruction_item, name="instruction-do"),
    path("bulletins/", watch.bulletin_list, name="bulletins"),
    path("bulletins/<int:pk>/", watch.bulletin, name="bulletin"),
    path("bulletins/<int:pk>/bulletin.docx", watch.bulletin_docx, name="bulletin-docx"),
    path("bulletins/<int:pk>/do/<slug:verb>", watch.bulletin_do, name="bulletin-do"),
    path("calls/", desk.calls, name="calls"),
    path("report-rules/", desk.report_rules, name="report-rules"),
    path("duplicates", pages.duplicates, name="incident-duplicates"),
    path("incidents/", pages.incidents, name="incidents"),
    path("incidents/new", pages.new_incident, name="incident-new"),
    path("incidents/<int:pk>/", pages.incident, name="incident"),
    path("incidents/<int:pk>/panel", pages.panel, name="incident-panel"),
    path("incidents/<int:pk>/review", pages.review_page, name="incident-review"),
    path("incidents/<int:pk>/review.docx", pages.review_docx, name="incident-review-docx"),
    path("incidents/<int:pk>/replay.json", pages.replay_json, name="incident-replay"),
    path("incidents/<int:pk>/draft", verbs.draft, name="report-draft"),
    path("incidents/<int:pk>/do/<slug:verb>", verbs.incident, name="incident-do"),
    path("proposals/<int:pk>/do/<slug:verb>", verbs.proposal, name="proposal-do"),
    path("incidents/<int:pk>/evaluate", drills.evaluate_incident, name="incident-evaluate"),
    path("drills/", drills.drills, name="drills"),
    path("drills/<int:pk>/", drills.drill, name="drill"),
    path("drills/<int:pk>/do/<slug:verb>", drills.drill_do, name="drill-do"),
    path("lessons/", drills.lessons, name="lessons"),
    path("lessons/<int:pk>/do/<slug:verb>", drills.lesson_do, name="lesson-do"),
    path("tasks/", pages.tasks, name="tasks"),
    path("tasks/<int:pk>/", pages.task, name="task"),
    path("tasks/<int:pk>/do/<slug:verb>", verbs.task, name="task-do"),
    path("reports/<int:pk>/", pages.report, name="report"),
    path("reports/<int:pk>/report.docx", pages.report_docx, name="report-docx"),
    path("reports/<int:pk>/do/<slug:verb>", verbs.report, name="report-do"),
    path("plans/", pages.plans, name="plans"),
    path("plans/<int:pk>/", pages.plan, name="plan"),
]
