"""Leads that are known already, by what their source calls them (IN2)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.contrib.auth.models import AbstractUser
from django.db.models import Q, QuerySet

from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.matching import match
from leaddistrib.lifecycle.scoring import score
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Lead, LogEntry, Pool
from leaddistrib.queries import clock
from leaddistrib.queries.organisation import organisation

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
    "value",
    "currency",
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


SCORED = ("score", "temperature", "quality")
RECOGNISED_BY = ("company", "company_domain")
"""What a lead's account is told by (IN4)."""


def differing(lead: Lead | LeadInput, given: LeadInput, *, rules_score: bool) -> list[str]:
    """The fields in which ``given`` says something new of ``lead``.

    A score that our own rules made is no news to its source: it is left out where the source gives
    none, or where the rules replace it anyway (``rules_score``).
    """
    ours = SCORED if rules_score or given.score is None else ()
    return [
        name for name in FIELDS if name not in ours and getattr(lead, name) != getattr(given, name)
    ]


def take_over(lead: Lead, given: LeadInput, *, rules_score: bool) -> list[str]:
    """Set on ``lead`` what its source says now; returns the fields that differed. Saves nothing."""
    names = differing(lead, given, rules_score=rules_score)
    for name in names:
        setattr(lead, name, getattr(given, name))
    return names


@act(durable=False)
def update_known(
    given: Sequence[LeadInput], actor: AbstractUser | None
) -> list[tuple[Lead, bool] | None]:
    """Bring known leads up to date; for each of ``given`` the lead and whether it changed, or None
    if it is not known. Where a waiting lead changed, its pool's pages are told.

    The leads are locked while they are compared: one that is claimed meanwhile is announced as
    taken, not as waiting with new facts.
    """
    rules_score = organisation().scoring_replaces
    locked = find_known(given).select_for_update(no_key=True, of=("self",)).order_by("pk")
    known = {identity(lead): lead for lead in locked.select_related("pool")}
    results: list[tuple[Lead, bool] | None] = []
    changed: dict[Lead, set[str]] = defaultdict(set)
    unscored: dict[int, Lead] = {}
    for one in given:
        lead = known.get(identity(one)) if one.external_id else None
        if lead is None:
            results.append(None)
            continue
        names = take_over(lead, one, rules_score=rules_score)
        if names:
            changed[lead].update(names)
            if rules_score or one.score is None:
                unscored[lead.pk] = lead
        results.append((lead, bool(names)))
    keep_changes(changed, actor, unscored=list(unscored.values()))
    return results


def keep_changes(
    changed: Mapping[Lead, Collection[str]],
    actor: AbstractUser | None,
    *,
    unscored: Sequence[Lead] = (),
) -> None:
    """Save leads in which these fields were changed, note it in their logs, and tell the pages of
    the pools that they wait in. Where they are, stays; what came with a name goes by the new one,
    and ``unscored`` are scored anew. The leads are locked."""
    if not changed:
        return
    moment = clock.now()
    match([lead for lead, names in changed.items() if not {*names}.isdisjoint(RECOGNISED_BY)])
    score(unscored, again=True)
    Lead.objects.bulk_update(changed, (*FIELDS, "account"), batch_size=200)
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=lead,
            event=LogEntry.Event.UPDATED,
            actor=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
            at=moment,
            detail={"fields": [name for name in FIELDS if name in names]},
        )
        for lead, names in changed.items()
    )
    waiting: dict[Pool, list[Lead]] = defaultdict(list)
    for lead in changed:
        if lead.status == Lead.Status.WAITING and lead.pool:
            waiting[lead.pool].append(lead)
    for pool in sorted(waiting, key=lambda pool: pool.pk):
        announce_updated(pool, waiting[pool])
