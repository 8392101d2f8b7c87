"""Leads come in: new ones are kept and routed, known ones answered as before (IN1, IN2)."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, cast

from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError

from leaddistrib.errors import KeyReused
from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.routing import route
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Decision, IdempotencyKey, Lead, LogEntry, Pool
from leaddistrib.queries import clock

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
    return _once_more(lambda: _receive(given, actor))


def receive_many(
    given: Sequence[LeadInput], *, actor: AbstractUser | None = None, routed: bool = True
) -> list[Received]:
    """A batch of leads from a file, in one transaction, answered in their order (IN1).

    A known lead is brought up to date with what its source says now; it is not routed again.
    Of two rows with the same external id the later one counts.
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


@act(durable=False)
def _receive(given: LeadInput, actor: AbstractUser | None) -> Received:
    known = _find([given])
    if known:
        return _known(next(iter(known.values())))
    moment = clock.now()
    lead = _new(given, moment)
    [decision] = route([lead])
    _log([lead], LogEntry.Event.RECEIVED, actor, moment)
    return Received(lead, Outcome.CREATED, decision)


@act(durable=False)
def _receive_batch(
    given: Sequence[LeadInput], actor: AbstractUser | None, routed: bool
) -> list[Received]:
    moment = clock.now()
    known = _find(given)
    results: list[Received | None] = []
    new: list[Lead] = []
    changed: list[Lead] = []
    for one in given:
        lead = known.get(_identity(one)) if one.external_id else None
        if lead is None:
            lead = _new(one, moment)
            new.append(lead)
            if one.external_id:
                known[_identity(one)] = lead
            results.append(Received(lead, Outcome.CREATED, None))
        elif _bring_up_to_date(lead, one):
            if lead.pk is not None and lead not in changed:
                changed.append(lead)
            results.append(Received(lead, Outcome.UPDATED, None))
        else:
            results.append(Received(lead, Outcome.UNCHANGED, None))
    Lead.objects.bulk_update(changed, FIELDS, batch_size=200)
    _log(changed, LogEntry.Event.UPDATED, actor, moment)
    _announce_changes(changed)
    if routed:
        route(new)
    else:
        Lead.objects.bulk_create(new)
    _log(new, LogEntry.Event.RECEIVED, actor, moment)
    return [result for result in results if result]


def _find(given: Iterable[LeadInput]) -> dict[tuple[str, str], Lead]:
    """Known leads by (source_system, external_id), in one query per source system."""
    by_system: dict[str, list[str]] = {}
    for one in given:
        if one.external_id:
            by_system.setdefault(one.source_system, []).append(one.external_id)
    found: dict[tuple[str, str], Lead] = {}
    for system, ids in by_system.items():
        leads = Lead.objects.filter(source_system=system, external_id__in=ids)
        for lead in leads.select_related("pool"):
            found[system, lead.external_id] = lead
    return found


def _identity(given: LeadInput) -> tuple[str, str]:
    return given.source_system, given.external_id


def _known(lead: Lead) -> Received:
    decision = lead.decisions.select_related("rule", "ruleset", "owner__user", "pool").first()
    return Received(lead, Outcome.UNCHANGED, decision)


FIELDS = (
    "source",
    "source_system",
    "external_id",
    "lead_type",
    "company",
    "contact_name",
    "contact_title",
    "contact_email",
    "contact_phone",
    "country",
    "subdivision",
    "city",
    "postal_code",
    "industry",
    "employees",
    "product",
    "score",
    "language",
    "attributes",
    "company_domain",
    "size_band",
    "temperature",
    "quality",
)


def _new(given: LeadInput, moment: datetime) -> Lead:
    fields = {name: getattr(given, name) for name in FIELDS}
    return Lead(**fields, received_at=given.received_at or moment)


def _bring_up_to_date(lead: Lead, given: LeadInput) -> bool:
    """Take over what the source says now; whether anything differed."""
    differing = [name for name in FIELDS if getattr(lead, name) != getattr(given, name)]
    for name in differing:
        setattr(lead, name, getattr(given, name))
    return bool(differing)


def _announce_changes(changed: Iterable[Lead]) -> None:
    by_pool: dict[Pool, list[Lead]] = {}
    for lead in changed:
        if lead.status == Lead.Status.WAITING and lead.pool:
            by_pool.setdefault(lead.pool, []).append(lead)
    for pool in sorted(by_pool, key=lambda pool: pool.pk):
        announce_updated(pool, by_pool[pool])


def _log(
    leads: Iterable[Lead], event: LogEntry.Event, actor: AbstractUser | None, moment: datetime
) -> None:
    LogEntry.objects.bulk_create(
        LogEntry(lead=lead, event=event, actor=actor, at=moment)  # type: ignore[misc]  # any user
        for lead in leads
    )


def _fingerprint(given: LeadInput) -> str:
    text = json.dumps(asdict(given), sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()
