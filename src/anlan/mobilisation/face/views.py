"""The public face through Django: what the fast way (`face.serve`) gives, for servers that do not have it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from anlan.kernel import clock
from anlan.mobilisation import face
from anlan.mobilisation.face import documents


@login_not_required
@require_safe
def public(request: HttpRequest, **named: str) -> HttpResponse:
    """Any document of the face."""
    del named
    base = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    language = "en" if request.GET.get("lang") == "en" else "zh"
    made = face.document(documents.make(base, f"{language}:{request.path}", clock.now()))
    response = HttpResponse(made.body, status=made.status)
    for name, value in made.headers:
        response[name.decode().title()] = value.decode()
    if "frame-ancestors *" in response.get("Content-Security-Policy", ""):
        response.xframe_options_exempt = True
    return response
