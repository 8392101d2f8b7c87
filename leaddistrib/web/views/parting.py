"""A rep parts with a lead: gives it back (RA4), or closes it (PU2)."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Busy, NotYours
from leaddistrib.lifecycle import closing, releasing
from leaddistrib.models import Lead
from leaddistrib.queries.cards import is_shared
from leaddistrib.web.access import Viewer, lead_for_rep, signed_in
from leaddistrib.web.busy import BUSY
from leaddistrib.web.cards import called, shown_to
from leaddistrib.web.forms import CloseForm, ReleaseForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def release(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks for the reason and changes nothing; POST gives the lead back."""
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    done = _("You gave %(lead)s back.")
    return _part(request, viewer, public_id, form, releasing.release, "release", done)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def close(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks for confirmation and changes nothing; POST closes the lead."""
    form = CloseForm(request.POST if request.method == "POST" else None)
    done = _("You closed %(lead)s.")
    return _part(request, viewer, public_id, form, closing.close, "close", done)


def _part(
    request: HttpRequest,
    viewer: Viewer,
    public_id: UUID,
    form: CloseForm | ReleaseForm,
    act: Callable[..., Lead],
    name: str,
    done: str,
) -> HttpResponse:
    found, rep = lead_for_rep(viewer, public_id)
    own = found.owner_id == rep.pk and found.status == Lead.Status.OWNED
    if not own and not (name == "close" and is_shared(found)):
        if found.status != Lead.Status.CLOSED:  # its page says that it is closed, and by whom
            messages.info(request, _("This lead is not yours (any more)."))
        return redirect("leaddistrib:lead", public_id)
    shown = shown_to(found, viewer.sight)
    if form.is_valid():
        try:
            act(found, rep, **form.cleaned_data)
        except NotYours:  # since it was read above; its page may be gone for this rep, too
            messages.info(request, _("This lead is not yours (any more)."))
            return redirect("leaddistrib:home")
        except Busy:
            form.add_error(None, BUSY)
        else:
            messages.success(request, done % {"lead": called(shown)})
            return redirect("leaddistrib:home")
    context = {
        "viewer": viewer,
        "lead": found,
        "shown": shown,
        "called": called(shown),
        "form": form,
    }
    status = 400 if form.errors else 200
    return render(request, f"leaddistrib/{name}.html", context, status=status)
