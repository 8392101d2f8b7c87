"""What the customer says, in one number (OU1): asked by mail with a signed page and answered there
once, or told by a rep or another system."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import AbstractUser

from leaddistrib.errors import Answered
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Lead, LogEntry, Organisation, Outcome, Rep, Satisfaction
from leaddistrib.notify.telling import tell_contact
from leaddistrib.queries import clock
from leaddistrib.queries.organisation import organisation

SCORES = {Satisfaction.Measure.CSAT: range(1, 6), Satisfaction.Measure.NPS: range(11)}
"""What may be answered."""

COMMENT = 1000
"""Characters of a comment at most."""

ASKED_AFTER = {
    Organisation.Asking.NEVER: (),
    Organisation.Asking.WON: (Outcome.Stage.WON,),
    Organisation.Asking.CLOSED: (Outcome.Stage.WON, Outcome.Stage.LOST),
}


def ask(outcome: Outcome, moment: datetime) -> Satisfaction | None:
    """Ask the contact of a lead that was just won or lost how satisfied they are, if the
    organisation wants that, by mail; once for each lead, whatever a rep told before. None where
    nobody is asked. Must run in the transaction of the outcome."""
    lead, settings = outcome.lead, organisation()
    if outcome.stage not in ASKED_AFTER[Organisation.Asking(settings.satisfaction)]:
        return None
    if not lead.contact_email:
        return None
    asked, new = Satisfaction.objects.get_or_create(
        lead=lead,
        measure=settings.satisfaction_measure,
        defaults={"rep_id": outcome.rep_id, "asked_at": moment},
    )
    told = Satisfaction.objects.filter(pk=asked.pk, asked_at=None)
    if not new and not told.update(asked_at=moment, rep=outcome.rep_id):
        return None
    tell_contact(lead, f"satisfaction.asked:{asked.pk}", moment)
    return asked


def withdraw(lead: Lead, since: datetime) -> None:
    """The question that was asked about ``lead`` at ``since`` or later is asked no more, unless the
    customer answered it: its link leads nowhere. What somebody else told stays. The lead is
    locked."""
    asked_since = lead.satisfaction.filter(by_customer=False, asked_at__gte=since)
    for asked in asked_since.select_for_update():
        asked.delete()
        if asked.answered_at is not None:
            asked.pk, asked.public_id, asked.asked_at = None, uuid4(), None
            asked.save(force_insert=True)


@act(durable=True)
def answer(satisfaction: Satisfaction, score: int, comment: str = "") -> Satisfaction:
    """The customer answers the question that was asked, once.

    Raises:
        ValueError: the measure has no such score, or the comment is too long.
        Answered: it was answered before; that answer stays.
        Satisfaction.DoesNotExist: it is not asked any more.
        Busy: the database was locked through every retry; nothing was written.
    """
    return _keep(_locked(satisfaction.pk), score, comment, by=None, by_customer=True)


@act(durable=True)
def tell_satisfaction(
    lead: Lead,
    score: int,
    *,
    measure: str = Satisfaction.Measure.CSAT,
    comment: str = "",
    rep: Rep | None = None,
    by: AbstractUser | None,
) -> Satisfaction:
    """A rep or another system (``by``) says what the customer of ``lead`` said. What the customer
    answered stays; what was told before is corrected. It is kept who told it, and that it was not
    the customer, so that a figure can count the customers' own answers only.

    Raises:
        ValueError: no such measure or score, or the comment is too long.
        Answered: the customer answered.
        Busy: the database was locked through every retry; nothing was written.
    """
    if measure not in SCORES:
        raise ValueError(f"There is no measure {measure}.")
    owner = rep.pk if rep else lead.owner_id
    found, _new = Satisfaction.objects.get_or_create(
        lead=lead, measure=measure, defaults={"rep_id": owner}
    )
    return _keep(_locked(found.pk), score, comment, by=by, by_customer=False)


def _locked(pk: int) -> Satisfaction:
    rows = Satisfaction.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("lead", "rep__user").get(pk=pk)


def _keep(
    satisfaction: Satisfaction,
    score: int,
    comment: str,
    *,
    by: AbstractUser | None,
    by_customer: bool,
) -> Satisfaction:
    if score not in SCORES[Satisfaction.Measure(satisfaction.measure)]:
        raise ValueError(f"{score} is no answer to {satisfaction.measure}.")
    comment = comment.strip()
    if len(comment) > COMMENT:
        raise ValueError(f"A comment has {COMMENT} characters at most.")
    if satisfaction.by_customer:
        raise Answered("The customer answered already.")
    actor: Any = by  # whatever AUTH_USER_MODEL is
    now = clock.now()
    satisfaction.score, satisfaction.comment = score, comment
    satisfaction.answered_at, satisfaction.by, satisfaction.by_customer = now, actor, by_customer
    satisfaction.save(update_fields=("score", "comment", "answered_at", "by", "by_customer"))
    LogEntry.objects.create(
        lead=satisfaction.lead,
        event=LogEntry.Event.SATISFACTION,
        rep_id=satisfaction.rep_id,
        actor=actor,
        at=now,
        detail={"satisfaction": satisfaction.pk, "measure": satisfaction.measure, "score": score},
    )
    return satisfaction
