"""Leads as they were elsewhere: whose they were, since when, and what came of them (IN1, FA1).

They land where they were left, with an assignment, outcomes and a log of those times. No rule is
asked, no turn taken, nobody is written to. So that a file imported twice changes nothing, each row
needs its external id; what a lead that is known already went through stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from leaddistrib import conf
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.cleaning import LeadInput, clean, require_identity
from leaddistrib.lifecycle.intake.knowing import FIELDS, Identity, identity, update_known
from leaddistrib.lifecycle.intake.mapping import HISTORY
from leaddistrib.lifecycle.intake.receiving import Outcome as Came
from leaddistrib.lifecycle.intake.reps import Reps
from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.lifecycle.matching import match, place
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Assignment, Lead, LogEntry, Outcome
from leaddistrib.queries import clock
from leaddistrib.queries.standing import TERMINAL

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Past:
    """A lead and what it went through. Without an owner, nobody had it; without ``closed_at`` it is
    still open. ``value`` is in ``currency`` (ISO 4217)."""

    lead: LeadInput
    owner: int | None
    assigned_at: datetime
    closed_at: datetime | None
    stage: str
    value: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Cells:
    """A row by outside names, and by them what is wrong with it (IN7)."""

    data: Mapping[str, object]
    wrong: dict[str, list[str]]

    def read(self, name: str, reader: Callable[[object], T]) -> T | None:
        """What ``reader`` makes of a cell; None for one that is blank, or wrong, which is noted."""
        value = self.data.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return reader(value)
        except ValidationError as error:
            self.wrong.setdefault(name, []).extend(error.messages)
            return None


class History:
    """How a file's rows are read as history, and kept. Knows the reps of the moment it is made."""

    def __init__(self, actor: AbstractUser | None = None) -> None:
        self.actor = actor
        self.now = clock.now()
        self.reps = Reps()

    def clean(self, data: Mapping[str, object]) -> Past:
        """A row by outside names. Raises InvalidLead naming every wrong field at once, those of the
        lead and those of its history (IN7)."""
        wrong: dict[str, list[str]] = {}
        said = {name: value for name, value in data.items() if name not in HISTORY}
        lead = LeadInput()
        try:
            lead = clean(said, require=("external_id",))
            require_identity(lead)
        except InvalidLead as error:
            wrong.update(error.fields)

        read = Cells(data, wrong).read
        owner = read("owner", self.reps.find)
        assigned_at = read("assigned_at", partial(past_moment, now=self.now))
        closed_at = read("closed_at", partial(past_moment, now=self.now))
        stage = read("stage", stage_of) or ""
        value = read("deal_value", fields.amount)
        currency = read("deal_currency", fields.currency) or ""
        # Without a date of its own a lead is taken to have been somebody's since it came in; and
        # where nothing is said of time, since now.
        began = assigned_at or lead.received_at or closed_at or self.now
        if stage in TERMINAL and not closed_at and "closed_at" not in wrong:
            wrong["closed_at"] = [_("A lead that is won or lost was closed at some time.")]
        if closed_at and closed_at < began:
            wrong["closed_at"] = [_("It was closed before it began.")]
        if value is not None and not stage:
            wrong["stage"] = [_("A value needs a stage that it belongs to.")]
        if wrong:
            raise InvalidLead(wrong)
        if value is not None and not currency:
            currency = conf.settings.CURRENCY
        return Past(lead, owner, began, closed_at, stage, value, currency if value else "")

    def receive(self, pasts: Sequence[Past]) -> list[Came]:
        """Keep a batch, answered in its order. Leads that are known are brought up to date in what
        they are, not in what they went through.

        Raises:
            Busy: the database was locked through every retry; nothing was written.
        """
        try:
            return self._receive(pasts)
        except IntegrityError as error:
            if not violates(error, Lead, Lead.ONCE):
                raise
            # Another process kept one of them meanwhile: now it is known.
            return self._receive(pasts)

    def _receive(self, pasts: Sequence[Past]) -> list[Came]:
        given = [past.lead for past in pasts]
        known = update_known(given, self.actor)
        new: dict[Identity | None, Past] = {}
        for past, found in zip(pasts, known, strict=True):
            if found is None:
                # Of two rows with the same external id the later one counts.
                new[identity(past.lead)] = past
        _keep(list(new.values()), self.actor)
        seen: set[Identity | None] = set()
        answers = []
        for past, found in zip(pasts, known, strict=True):
            name = identity(past.lead)
            if found is not None or name in seen:
                answers.append(Came.UPDATED if found is None or found[1] else Came.UNCHANGED)
            else:
                answers.append(Came.CREATED)
            seen.add(name)
        return answers


@act(durable=False)
def _keep(pasts: Sequence[Past], actor: AbstractUser | None) -> None:
    """Write new leads as they were, in a number of queries that does not depend on how many."""
    if not pasts:
        return
    leads = [_lead(past) for past in pasts]
    place(leads)
    match(leads)
    Lead.objects.bulk_create(leads)
    both = list(zip(leads, pasts, strict=True))
    Assignment.objects.bulk_create(
        Assignment(
            lead=lead,
            rep_id=past.owner,
            method=Assignment.Method.HISTORY,
            started_at=past.assigned_at,
            ended_at=past.closed_at,
            end=Assignment.Ended.CLOSED if past.closed_at else "",
        )
        for lead, past in both
        if past.owner
    )
    Outcome.objects.bulk_create(
        Outcome(
            lead=lead,
            rep_id=past.owner,
            stage=past.stage,
            value=past.value,
            currency=past.currency,
            at=past.closed_at or past.assigned_at,
            by=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
        )
        for lead, past in both
        if past.stage
    )
    LogEntry.objects.bulk_create(
        LogEntry(lead=lead, event=event, rep_id=rep, actor=actor, at=at, detail=detail)  # type: ignore[misc]  # any user
        for lead, past in both
        for event, rep, at, detail in _log(lead, past)
    )


def _lead(past: Past) -> Lead:
    facts = {name: getattr(past.lead, name) for name in FIELDS}
    if past.closed_at:
        status = Lead.Status.CLOSED
    else:
        status = Lead.Status.OWNED if past.owner else Lead.Status.RECEIVED
    received_at = min(past.lead.received_at or past.assigned_at, past.assigned_at)
    return Lead(**facts, status=status, owner_id=past.owner, received_at=received_at)


def _log(
    lead: Lead, past: Past
) -> Iterator[tuple[LogEntry.Event, int | None, datetime, dict[str, str]]]:
    yield LogEntry.Event.RECEIVED, None, lead.received_at, {"import": "history"}
    if past.owner:
        detail = {"method": str(Assignment.Method.HISTORY)}
        yield LogEntry.Event.ASSIGNED, past.owner, past.assigned_at, detail
    if past.closed_at:
        yield LogEntry.Event.CLOSED, past.owner, past.closed_at, {"reason": past.stage}


def past_moment(value: object, now: datetime) -> datetime:
    """A moment that is over at ``now``."""
    moment = fields.moment(value)
    if moment > now:
        message = _("“%(value)s” lies ahead.")
        raise ValidationError(message, params={"value": shown(value)})
    return moment


def stage_of(value: object) -> str:
    """A stage, by its name in the map's or the file's own words."""
    text = str(value).strip().casefold()
    if text not in Outcome.Stage.values:
        message = _("Expected one of %(stages)s, got “%(value)s”.")
        params = {"stages": ", ".join(Outcome.Stage.values), "value": shown(value)}
        raise ValidationError(message, params=params)
    return text
