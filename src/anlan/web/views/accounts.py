"""Accounts, roles and grants, for the administrators."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass, Role, User
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.kernel.identity import actions, reach, second_factor
from anlan.kernel.identity.lockout import locked_names
from anlan.kernel.models import Area

PERMISSIONS = {
    "kernel.view": "查看区划、机构、岗位、人员",
    "kernel.edit": "维护区划、机构、岗位、人员",
    "kernel.accounts": "系统管理员：账号",
    "kernel.grants": "安全管理员：角色与授权",
    "kernel.audit": "审计管理员：审计日志",
    "monitoring.view": "查看监测预警",
    "monitoring.edit": "维护测站与数据流",
    "monitoring.handle": "处理告警",
    "monitoring.rules": "维护报警规则",
    "monitoring.warn_draft": "起草预警",
    "monitoring.warn_review": "审核预警",
    "monitoring.warn_issue": "签发预警",
    "command.view": "查看指挥救援",
    "command.edit": "维护预案",
    "command.incident": "处置突发事件",
    "command.respond": "启动和调整响应",
    "command.dispatch": "调度队伍",
    "command.task": "办理任务",
    "command.report": "信息报送（拟稿、报送）",
    "command.report_sign": "签发信息报告",
    "command.review": "复盘",
    "resources.view": "查看应急保障",
    "resources.edit": "维护应急保障",
    "resources.issue": "物资出入库与调拨下单",
    "resources.deliver": "调拨签收",
    "resources.allocate": "拟定和批准调拨方案",
    "resources.requisition": "征用与补偿",
    "supervision.view": "查看监督管理",
    "supervision.edit": "维护企业与危险源",
    "administration.view": "查看政务管理",
    "administration.edit": "维护值班",
    "simulation.view": "查看推演",
    "simulation.run": "运行推演",
    "gateways.view": "查看接入与发布",
    "gateways.edit": "处置隔离数据",
    "gateways.command": "向设备下发命令",
}


def administrator(request: HttpRequest) -> Actor:
    """The actor, who must be one of the two administrators that work here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not (actor.has("kernel.accounts") or actor.has("kernel.grants")):
        raise Forbidden(f"{actor.name}没有管理账号的权限", permission="kernel.accounts")
    return actor


def listing(request: HttpRequest) -> HttpResponse:
    actor = administrator(request)
    q = request.GET.get("q", "").strip()
    users = reach.accounts(actor).filter(Q(username__icontains=q) | Q(display_name__icontains=q)).order_by("username")
    users = users.prefetch_related(Prefetch("grants", reach.grants(actor)))
    page = Paginator(users, 50).get_page(request.GET.get("page"))
    return render(request, "web/accounts/list.html", {"page": page, "q": q, "locked": locked_names()})


def new(request: HttpRequest) -> HttpResponse:
    actor = administrator(request)
    error = ""
    if request.method == "POST":
        try:
            name = request.POST.get("username", "").strip()
            user, password = actions.open_account(actor, name, request.POST.get("display_name", "").strip())
            request.session["shown_once"] = password
            return redirect("account-page", user.pk)
        except Invalid as refused:
            error = refused.message
    return render(request, "web/accounts/new.html", {"error": error}, status=422 if error else 200)


def page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = administrator(request)
    user = get_object_or_404(reach.accounts(actor), pk=pk)
    context = {
        "account": user,
        "manages": reach.may_over(actor, "kernel.accounts", user),
        "grants": reach.grants(actor).filter(user=user),
        "roles": Role.objects.order_by("name"),
        "areas": [area for area in Area.objects.defer("geometry") if actor.may("kernel.grants", area.path)],
        "device": second_factor.device_of(user),
        "locked": user.username in locked_names(),
        "shown_once": request.session.pop("shown_once", ""),
    }
    return render(request, "web/accounts/page.html", context)


Verb = Callable[[HttpRequest, Actor, int], str]


def save(request: HttpRequest, by: Actor, pk: int) -> str:
    user = get_object_or_404(User, pk=pk)
    name = request.POST.get("display_name", user.display_name).strip()
    active = {"1": True, "0": False}.get(request.POST.get("is_active", ""), user.is_active)
    actions.change_account(by, pk, name, active, request.POST.get("reason", ""))
    return _("已保存")


def reset_password(request: HttpRequest, by: Actor, pk: int) -> str:
    request.session["shown_once"] = actions.reset_password(by, pk, request.POST.get("reason", ""))
    return _("口令已重置")


def unlock(request: HttpRequest, by: Actor, pk: int) -> str:
    actions.unlock(by, pk, request.POST.get("reason", ""))
    return _("账号已解锁")


def remove_second_factor(request: HttpRequest, by: Actor, pk: int) -> str:
    actions.remove_second_factor(by, pk, request.POST.get("reason", ""))
    return _("双因子已解除")


def give(request: HttpRequest, by: Actor, pk: int) -> str:
    area = Area.objects.filter(pk=number(request, "area")).first()
    if area is None:
        raise Invalid("area", request.POST.get("area"), "已登记的区划", label="区划")
    actions.give(by, pk, number(request, "role"), area)
    return _("已授权")


def number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdigit() else 0


VERBS: dict[str, Verb] = {
    "save": save,
    "reset-password": reset_password,
    "unlock": unlock,
    "remove-second-factor": remove_second_factor,
    "give": give,
}


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    if verb not in VERBS:
        raise NotFound(f"没有“{verb}”这个操作")
    messages.success(request, VERBS[verb](request, administrator(request), pk))
    return redirect("account-page", pk)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    user = actions.take_back(administrator(request), pk, request.POST.get("reason", ""))
    messages.success(request, _("授权已收回"))
    return redirect("account-page", user.pk)


def roles(request: HttpRequest) -> HttpResponse:
    administrator(request)
    return render(
        request, "web/accounts/roles.html", {"roles": Role.objects.order_by("name"), "separated": actions.SEPARATED}
    )


def role(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The form of a role."""
    actor = administrator(request)
    found = get_object_or_404(Role, pk=pk) if pk else None
    if request.method == "POST":
        more = request.POST.get("more", "").replace("，", ",").split(",")
        saved = actions.save_role(
            actor,
            pk,
            request.POST.get("code", "").strip(),
            request.POST.get("name", "").strip(),
            [*request.POST.getlist("permissions"), *(p.strip() for p in more if p.strip())],
            number(request, "data_class"),
            "totp_required" in request.POST,
        )
        messages.success(request, f"{_('已保存')}：{saved}")
        return redirect("roles")
    held = found.permissions if found else []
    context = {
        "role": found,
        "permissions": [(code, title, code in held) for code, title in PERMISSIONS.items()],
        "more": ", ".join(p for p in held if p not in PERMISSIONS),
        "classes": DataClass.choices,
    }
    return render(request, "web/accounts/role.html", context)
