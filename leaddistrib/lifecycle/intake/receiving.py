"""Leads come in: new ones are kept and routed, known ones answered as before (IN1, IN2)."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TypeVar, cast

from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError

from leaddistrib.errors import KeyReused
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.intake.knowing import (
    FIELDS,
    Identity,
    find_known,
    identity,
    take_over,
    update_known,
)
from leaddistrib.lifecycle.intake.recognising import recognise
from leaddistrib.lifecycle.intake.settling import lock_persons, settle
from leaddistrib.lifecycle.recording import save_new
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Decision, IdempotencyKey, Lead, LogEntry
from leaddistrib.queries import clock
from leaddistrib.queries.duplicates import signs

T = TypeVar("T")


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a lead that came in. ``decision`` is the first one made for it, None when it
    was kept without routing."""

    lead: Lead
    outcome: Outcome
    decision: Decision | None


def receive(
    given: LeadInput, *, actor: AbstractUser | None = None, key: str = "", scope: str = ""
) -> Received:
    """One lead from the API, the form or a webhook: kept and routed in one transaction (PU5).

    The same lead again, by ``(source_system, external_id)`` or by the idempotency ``key`` within
    ``scope``, changes nothing and is answered as the first time.

    Raises:
        KeyReused: the key came before with another lead.
        Busy: the database was locked through every retry; nothing was written.
    """
    if key:
        return _once_more(lambda: _receive_by_key(given, actor, key, scope))
    return _once_more(lambda: _receive_alone(given, actor))


def receive_many(
    given: Sequence[LeadInput], *, actor: AbstractUser | None = None, routed: bool = True
) -> list[Received]:
    """A batch of leads from a file, answered in their order (IN1).

    A known lead is brought up to date with what its source says now; it is not routed again.
    Of two rows with the same external id the later one counts. Known leads and new ones take a
    transaction each: together they would lock leads before reps, against the order of locks.

    Raises:
        Busy: the database was locked through every retry; the new leads were not kept.
    """
    return _once_more(lambda: _receive_batch(given, actor, routed))


def _once_more(act_once: Callable[[], T]) -> T:
    """Run an intake, again if another process kept the same lead meanwhile: then it is found."""
    try:
        return act_once()
    except IntegrityError as error:
        if not (
            violates(error, Lead, Lead.ONCE) or violates(error, IdempotencyKey, IdempotencyKey.ONCE)
        ):
            raise
        return act_once()


@act(durable=False)
def _receive_by_key(given: LeadInput, actor: AbstractUser | None, key: str, scope: str) -> Received:
    fingerprint = _fingerprint(given)
    seen = IdempotencyKey.objects.select_related("lead").filter(scope=scope, key=key).first()
    if seen is not None:
        if seen.fingerprint != fingerprint:
            raise KeyReused("This Idempotency-Key was used for another lead. Use a new key.")
        return _known(cast("Lead", seen.lead))
    # Inserted before anything else is locked: a second call with this key waits here.
    kept = IdempotencyKey.objects.create(
        scope=scope, key=key, fingerprint=fingerprint, created_at=clock.now()
    )
    received = _receive(given, actor)
    kept.lead = received.lead
    kept.save(update_fields=("lead",))
    return received


def _receive(given: LeadInput, actor: AbstractUser | None) -> Received:
    known = find_known([given]).first()
    if known is not None:
        return _known(known)
    lock_persons(signs(_new_lead(given)))
    [received] = _keep([given], actor, routed=True)
    return received


def _receive_batch(
    given: Sequence[LeadInput], actor: AbstractUser | None, routed: bool
) -> list[Received]:
    known = update_known(given, actor)
    unknown = [one for one, found in zip(given, known, strict=True) if found is None]
    new = iter(_keep_batch(unknown, actor, routed))
    return [
        Received(found[0], Outcome.UPDATED if found[1] else Outcome.UNCHANGED, None)
        if found
        else next(new)
        for found in known
    ]


def _keep(given: Sequence[LeadInput], actor: AbstractUser | None, routed: bool) -> list[Received]:
    """Keep new leads, recognise whose they are, and route them. A later row with the same external
    id mends the first."""
    moment = clock.now()
    leads: list[Lead] = []
    named: dict[Identity, Lead] = {}
    results: list[Received] = []
    for one in given:
        name = identity(one)
        lead = named.get(name) if name else None
        if lead is not None:
            news = take_over(lead, one, rules_score=False)
            outcome = Outcome.UPDATED if news else Outcome.UNCHANGED
        else:
            lead = _new_lead(one)
            lead.received_at = one.received_at or moment
            leads.append(lead)
            outcome = Outcome.CREATED
            if name:
                named[name] = lead
        results.append(Received(lead, outcome, None))
    if not leads:
        return results
    recognised = recognise(leads, moment)
    decisions: dict[int, Decision] = {}
    if routed:
        decisions = settle(leads, [one.duplicate for one in recognised])
    else:
        save_new(leads)
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=lead,
            event=LogEntry.Event.RECEIVED,
            actor=actor,  # type: ignore[misc]  # any user
            at=moment,
            detail=one.as_document(),
        )
        for lead, one in zip(leads, recognised, strict=True)
    )
    return [replace(one, decision=decisions.get(one.lead.pk)) for one in results]


_receive_alone = act(durable=False)(_receive)
_keep_batch = act(durable=False)(_keep)


def _new_lead(given: LeadInput) -> Lead:
    return Lead(**{field: getattr(given, field) for field in FIELDS})


def _known(lead: Lead) -> Received:
    decision = lead.decisions.select_related("rule", "ruleset", "owner__user", "pool").first()
    return Received(lead, Outcome.UNCHANGED, decision)


def _fingerprint(given: LeadInput) -> str:
    text = json.dumps(asdict(given), sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
