"""Leads that are known already, by what their source calls them (IN2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractUser
from django.db.models import Q, QuerySet

from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Lead, LogEntry, Pool
from leaddistrib.queries import clock

Identity = tuple[str, str]

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
"""What a source says of a lead, and what is derived from it."""


def identity(one: LeadInput | Lead) -> Identity | None:
    """What the source calls it: (source_system, external_id). None where it has no name there."""
    return (one.source_system, one.external_id) if one.external_id else None


def find_known(given: Iterable[LeadInput]) -> QuerySet[Lead]:
    """The leads among ``given`` that are known, in one query."""
    by_system: dict[str, set[str]] = defaultdict(set)
    for one in given:
        if one.external_id:
            by_system[one.source_system].add(one.external_id)
    which = Q()
    for system, ids in by_system.items():
        which |= Q(source_system=system, external_id__in=ids)
    return Lead.objects.filter(which) if by_system else Lead.objects.none()


def take_over(lead: Lead, given: LeadInput) -> bool:
    """Set on ``lead`` what its source says now; whether anything differed. Saves nothing."""
    differing = [name for name in FIELDS if getattr(lead, name) != getattr(given, name)]
    for name in differing:
        setattr(lead, name, getattr(given, name))
    return bool(differing)


@act(durable=False)
def update_known(
    given: Sequence[LeadInput], actor: AbstractUser | None
) -> list[tuple[Lead, bool] | None]:
    """Bring known leads up to date; for each of ``given`` the lead and whether it changed, or None
    if it is not known. Where a waiting lead changed, its pool's pages are told.

    The leads are locked while they are compared: one that is claimed meanwhile is announced as
    taken, not as waiting with new facts.
    """
    locked = find_known(given).select_for_update(no_key=True, of=("self",)).order_by("pk")
    known = {identity(lead): lead for lead in locked.select_related("pool")}
    results: list[tuple[Lead, bool] | None] = []
    changed: dict[int, Lead] = {}
    for one in given:
        lead = known.get(identity(one)) if one.external_id else None
        if lead is None:
            results.append(None)
            continue
        differs = take_over(lead, one)
        if differs:
            changed[lead.pk] = lead
        results.append((lead, differs))
    _save(list(changed.values()), actor)
    return results


def _save(changed: Sequence[Lead], actor: AbstractUser | None) -> None:
    if not changed:
        return
    moment = clock.now()
    Lead.objects.bulk_update(changed, FIELDS, batch_size=200)
    LogEntry.objects.bulk_create(
        LogEntry(lead=lead, event=LogEntry.Event.UPDATED, actor=actor, at=moment)  # type: ignore[misc]  # any user
        for lead in changed
    )
    waiting: dict[Pool, list[Lead]] = defaultdict(list)
    for lead in changed:
        if lead.status == Lead.Status.WAITING and lead.pool:
            waiting[lead.pool].append(lead)
    for pool in sorted(waiting, key=lambda pool: pool.pk):
        announce_updated(pool, waiting[pool])
