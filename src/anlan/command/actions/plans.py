"""Publishing plans."""

from __future__ import annotations

from anlan.command.events import PlanPublished
from anlan.command.models import Plan, PlanVersion
from anlan.command.plans.document import PlanDocument
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict, Invalid


def area_named(key: str) -> Area:
    system, _, code = key.partition(":")
    area = Area.objects.filter(code_system=system, code=code).first()
    if area is None:
        raise Invalid("plan.area", key, "已登记区划的“体系:代码”", label="适用区域")
    return area


@action("command.edit")
def publish_plan(by: Actor, document: PlanDocument) -> PlanVersion:
    """发布预案. The same content again changes nothing; other content under an old version number is refused."""
    area = area_named(document.area)
    by.require("command.edit", area)
    plan, _ = (
        Plan.objects.unscoped(HELD)
        .select_for_update()
        .get_or_create(code=document.code, defaults={"title": document.title, "kind": document.kind, "area": area})
    )
    same = PlanVersion.objects.unscoped(HELD).filter(plan=plan, version=document.version).first()
    if same and same.content_hash == document.content_hash():
        return same
    if same:
        raise Conflict(f"{plan} {document.version} 已发布且内容不同，请使用新的版本号", rule="预案版本发布后不可更改")
    plan.title, plan.kind, plan.issued_by = document.title, document.kind, document.issued_by
    plan.area, plan.representative, plan.in_force = area, document.representative, True
    plan.save()
    version = PlanVersion.objects.create(
        plan=plan,
        version=document.version,
        data=document.as_data(),
        content_hash=document.content_hash(),
        published_at=clock.now(),
        published_by=by.name,
    )
    record(by, "发布预案", version, PlanPublished(version.pk, plan.code, version.version))
    return version
