"""What leads reached is written down, and those that are won or lost are closed (OU1).

One outcome and a file of them come through here, in a number of queries that does not depend on how
many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractUser

from leaddistrib.errors import Closed, Outdated
from leaddistrib.lifecycle.announcing import announce_gone, announce_limits
from leaddistrib.lifecycle.opening import close_offers
from leaddistrib.lifecycle.responding import stop_clocks
from leaddistrib.lifecycle.retrying import places_freed
from leaddistrib.models import Assignment, Lead, LogEntry, Outcome, Rep
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.standing import TERMINAL
from leaddistrib.signals import announce, lead_closed, lead_outcome


@dataclass(frozen=True, slots=True)
class Reached:
    """That ``lead`` got to ``stage`` at a moment, under ``rep`` (a primary key; None: nobody).
    ``value`` is in ``currency`` (ISO 4217)."""

    lead: Lead
    stage: str
    rep: int | None
    at: datetime
    value: Decimal | None = None
    currency: str = ""
    reason: str = ""

    def equals(self, outcome: Outcome) -> bool:
        """Whether ``outcome`` says the same, whenever it was."""
        said = (outcome.stage, outcome.rep_id, outcome.value, outcome.currency, outcome.reason)
        return said == (self.stage, self.rep, self.value, self.currency, self.reason)


def against(one: Reached, before: Outcome | None) -> None:
    """Whether it fits what is known: the lead, and where it stood ``before``.

    Raises:
        Closed: the lead is closed, and this says that it went on.
        Outdated: this would close the lead, which went on since.
    """
    earlier = before is not None and one.at < before.at
    closed = one.lead.status == Lead.Status.CLOSED
    if one.stage in TERMINAL:
        if earlier and not closed:
            raise Outdated("Something later is known of this lead.")
    elif closed and not earlier:
        raise Closed("This lead is closed.")


def keep(reached: Sequence[Reached], now: datetime, *, by: AbstractUser | None) -> list[Outcome]:
    """Write down what leads reached, and close those that are won or lost. At most one of each
    lead. The leads are locked, read with their pools, and their owners are locked before."""
    actor: Any = by  # whatever AUTH_USER_MODEL is
    outcomes = Outcome.objects.bulk_create(
        Outcome(
            lead=one.lead,
            rep_id=one.rep,
            stage=one.stage,
            value=one.value,
            currency=one.currency,
            reason=one.reason,
            at=one.at,
            by=actor,
        )
        for one in reached
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=outcome.lead,
            event=LogEntry.Event.OUTCOME,
            rep_id=outcome.rep_id,
            actor=actor,
            at=outcome.at,
            detail=described(outcome),
        )
        for outcome in outcomes
    )
    reps = Rep.objects.select_related("user").in_bulk({one.rep for one in reached if one.rep})
    for outcome in outcomes:
        outcome.rep = reps.get(outcome.rep_id or 0)
        announce(lead_outcome, sender=Lead, lead=outcome.lead, rep=outcome.rep, outcome=outcome)
    open_ones = [one for one in outcomes if one.lead.status != Lead.Status.CLOSED]
    _close([one for one in open_ones if one.stage in TERMINAL], now, actor)
    return outcomes


def described(outcome: Outcome) -> dict[str, Any]:
    """What the log says of an outcome, from which figures can be rebuilt."""
    detail: dict[str, Any] = {"outcome": outcome.pk, "stage": outcome.stage}
    if outcome.value is not None:
        detail |= {"value": str(outcome.value), "currency": outcome.currency}
    return detail | ({"reason": outcome.reason} if outcome.reason else {})


def _close(outcomes: Sequence[Outcome], now: datetime, actor: Any) -> None:
    """These outcomes close their leads, which stay whose they are, and leave their pools."""
    if not outcomes:
        return
    leads = [outcome.lead for outcome in outcomes]
    waited = [lead for lead in leads if lead.status == Lead.Status.WAITING]
    for reason in {outcome.reason for outcome in outcomes}:
        those = [outcome.lead_id for outcome in outcomes if outcome.reason == reason]
        Assignment.objects.filter(lead__in=those, ended_at=None).update(
            ended_at=now, end=Assignment.Ended.CLOSED, end_reason=reason
        )
    stop_clocks(leads, now)
    close_offers(waited, now)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
        status=Lead.Status.CLOSED, retry_at=None
    )
    for lead in leads:
        lead.status, lead.retry_at = Lead.Status.CLOSED, None
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=outcome.lead,
            event=LogEntry.Event.CLOSED,
            rep_id=outcome.rep_id,
            actor=actor,
            at=now,
            detail={"outcome": outcome.pk, "reason": outcome.reason},
        )
        for outcome in outcomes
    )
    for outcome in outcomes:
        announce(lead_closed, sender=Lead, lead=outcome.lead, rep=outcome.rep)
    announce_gone([(lead, None) for lead in waited], now)
    hold_less([lead.owner for lead in leads if lead.owner], now)


def hold_less(previous: Sequence[Rep], now: datetime) -> None:
    """Each of ``previous`` holds an open lead less, once for each time that it is named: their
    pages say so, and for who was full, leads that wait are tried. After the last write."""
    owners = {rep.pk: rep for rep in previous}
    facts = rep_facts(owners, now) if owners else {}
    announce_limits(owners.values(), facts, now)
    places_freed(previous, facts, now)
