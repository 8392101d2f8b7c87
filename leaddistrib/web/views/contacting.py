"""A rep is in touch with a lead: one tap logs it and goes on to the call or e-mail (SL2, SL5)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leaddistrib.errors import Busy, NotYours, Outdated
from leaddistrib.lifecycle.attempting import log_attempt
from leaddistrib.lifecycle.contacting import ContactResult, log_contact
from leaddistrib.lifecycle.undoing import undo_contact
from leaddistrib.models import Contact, Lead, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.templating import first_messages, mailto, sms, tel
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for_rep, signed_in, wants_json
from leaddistrib.web.busy import BUSY
from leaddistrib.web.cards import shown_to
from leaddistrib.web.forms import ContactForm, UndoContactForm
from leaddistrib.web.history import TEXT_MESSAGE

STATUS = {"logged": 200, "lost": 409, "refused": 403}


@require_POST
@signed_in
def contacts(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Log that the rep is in touch with the lead just now. With ``go``, the answer leads on to the
    telephone or the e-mail program; a script gets it as JSON, and goes on by itself."""
    lead, rep = lead_for_rep(viewer, public_id)
    form = ContactForm(request.POST)
    if not form.is_valid():
        if lead.owner_id == rep.pk or is_shared(lead):
            return _asked_again(request, viewer, lead, form)
        return _not_logged(request, lead, _not_yours(), 403)  # a preview of it has no such form
    given = form.cleaned_data
    try:
        result = log_contact(lead, rep, given["channel"], note=_note(given), tapped=True)
    except NotYours:
        return _not_logged(request, lead, _not_yours(), 403)
    except Busy:
        return _not_logged(request, lead, str(BUSY), 503)
    return _answer(request, viewer, lead, result, form)


@require_POST
@signed_in
def attempts(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Log that the rep tried to reach the lead just now, and nobody answered."""
    lead, rep = lead_for_rep(viewer, public_id)
    form = ContactForm(request.POST)
    if not form.is_valid():
        if lead.owner_id == rep.pk or is_shared(lead):
            return _asked_again(request, viewer, lead, form)
        return _not_logged(request, lead, _not_yours(), 403)
    given = form.cleaned_data
    try:
        log_attempt(lead, rep, given["channel"], given["note"], tapped=True)
    except NotYours:
        return _not_logged(request, lead, _not_yours(), 403)
    except Busy:
        return _not_logged(request, lead, str(BUSY), 503)
    return _said(request, lead, _("Noted: nobody answered. The lead is still to be reached."))


@require_POST
@signed_in
def undo(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Take back the own contact of just now; with ``unanswered`` it was an attempt."""
    lead, rep = lead_for_rep(viewer, public_id)
    form = UndoContactForm(request.POST)
    if not form.is_valid():
        return _not_logged(request, lead, _nothing(), 400)
    given = form.cleaned_data
    try:
        undo_contact(lead, rep, given["contact"], unanswered=given["unanswered"])
    except NotYours:
        return _not_logged(request, lead, _not_yours(), 403)
    except Outdated:
        return _not_logged(request, lead, _nothing(), 409)
    except Busy:
        return _not_logged(request, lead, str(BUSY), 503)
    if given["unanswered"]:
        return _said(request, lead, _("Noted: nobody answered. The lead is still to be reached."))
    return _said(request, lead, _("Taken back: the lead is still to be reached."))


def _said(request: HttpRequest, lead: Lead, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("leaddistrib:lead", lead.public_id)


def _asked_again(
    request: HttpRequest, viewer: Viewer, lead: Lead, form: ContactForm
) -> HttpResponse:
    """The form with what was written, and what is wrong with which field."""
    context = {
        "viewer": viewer,
        "lead": lead,
        "shown": shown_to(lead, viewer.sight),
        "shared": is_shared(lead),
        "contact": form,
    }
    return render(request, "leaddistrib/contact.html", context, status=400)


def _answer(
    request: HttpRequest, viewer: Viewer, before: Lead, result: ContactResult, form: ContactForm
) -> HttpResponse:
    """What came of it, in words; and where the tap goes on to, if it was logged."""
    said = _in_words(before, viewer.own, result)
    if wants_json(request):
        document = {"result": result.result, "message": " ".join(said)}
        return JsonResponse(document, status=STATUS[result.result])
    if result.result == "logged" and form.cleaned_data["go"]:
        shown = shown_to(before, viewer.sight)
        address = _address(before, viewer.own, form.cleaned_data, shown)
        if address:
            context = {
                "viewer": viewer,
                "shown": shown,
                "said": said,
                "address": address,
                "channel": form.cleaned_data["channel"],
            }
            return render(request, "leaddistrib/reach.html", context)
    level = {"logged": messages.success, "lost": messages.warning, "refused": messages.error}
    for sentence in said:
        level[result.result](request, sentence)
    return redirect("leaddistrib:lead", before.public_id)


def _in_words(before: Lead, rep: Rep, result: ContactResult) -> list[str]:
    if result.result == "lost" and result.taken_by and result.taken_at:
        return [outcomes.too_late(result.taken_by.name, clock.now() - result.taken_at)]
    if result.result == "refused":
        return [outcomes.reason(refusal, rep).sentence for refusal in result.refusals]
    if before.owner_id is None and result.taken_by:
        return [_("Noted. You were first: this lead is yours.")]
    return [_("Noted.")]


def _note(given: Mapping[str, Any]) -> str:
    """What the rep wrote; a text message is no channel of its own, so the note says it."""
    texts = given["channel"] == Contact.Channel.OTHER and given["go"]
    return given["note"] or (TEXT_MESSAGE if texts else "")


def _address(lead: Lead, rep: Rep, given: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """What opens the telephone, a text message, or an e-mail with what was chosen, of what is
    ``shown``; "" for none."""
    phone, email = shown["contact"].get("phone"), shown["contact"].get("email")
    if given["channel"] == Contact.Channel.CALL and phone:
        return tel(phone)
    if given["channel"] == Contact.Channel.OTHER and phone:
        return sms(phone, rep.booking_url if given["booking"] else "")
    if given["channel"] == Contact.Channel.EMAIL and email:
        if given["booking"] and rep.booking_url:
            return mailto(email, body=rep.booking_url)
        written = {one.pk: one.mailto for one in first_messages(lead, rep, shown)}
        return written.get(given["template"]) or mailto(email)
    return ""


def _not_logged(request: HttpRequest, lead: Lead, text: str, status: int) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"result": "refused", "message": text}, status=status)
    level = messages.error if status == 503 else messages.info
    level(request, text)
    return redirect("leaddistrib:lead", lead.public_id)


def _nothing() -> str:
    return _("There is nothing (any more) that you could take back here.")


def _not_yours() -> str:
    return _("This lead is not yours (any more).")
