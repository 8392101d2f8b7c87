"""Who races among themselves in onboarding: the cohort of a new rep, and who is not of it (ON1).

A rep's cohort is everybody who is being onboarded, and everybody who was when the rep began: who is
through before the others closes no pool to them.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from leaddistrib.models import Onboarding, OnboardingPhase, Pool, Rep
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.onboarding import facts_of

Strangers = Mapping[int, list[Rep]]
"""By the primary key of a rep: the members of a pool who are not of the rep's cohort."""


def strangers(members: Mapping[int, Collection[int]]) -> dict[int, Strangers]:
    """By pool, whose ``members`` (primary keys) are given: the active ones who at present race
    within their cohort only, each with the active ones who are not of it. Where there are any, the
    pool's races are closed to the rep. One query, however many pools."""
    wanted = set().union(*members.values())
    found = Rep.objects.filter(pk__in=wanted, active=True, user__is_active=True)
    with_phases = found.select_related("user", "onboarding__phase__policy")
    reps = {rep.pk: rep for rep in with_phases.order_by("pk")}
    inside: dict[int, Strangers] = {}
    for pool, ids in members.items():
        own = [reps[rep] for rep in sorted(reps.keys() & set(ids))]
        apart = [rep for rep in own if _races_apart(rep)]
        inside[pool] = {
            rep.pk: [other for other in own if not _together(rep, other)] for rep in apart
        }
    return inside


def has_strangers(rep: Rep, pool: Pool) -> bool:
    """Whether an active member of ``pool`` is not of the cohort of ``rep``, who is being onboarded:
    the same for one rep and one pool, whoever and however many its members are. One query."""
    began = Onboarding.objects.filter(rep=rep).values("began_on")
    members = Rep.objects.filter(
        Q(pools=pool) | Q(team__pools=pool), active=True, user__is_active=True
    )
    return (
        members.exclude(onboarding__phase__policy__active=True)
        .exclude(onboarding__isnull=False, onboarding__phase=None, onboarding__since__gt=began)
        .exists()
    )


def without_a_race(reps: Iterable[int]) -> frozenset[int]:
    """Those of ``reps`` (primary keys), who are in phases in which they race within their cohort
    only, for whom there is no race: in each of theirs somebody is not of it. Four queries, none
    without reps."""
    asked = frozenset(reps)
    if not asked:
        return asked
    races = Pool.objects.filter(mode=Pool.Mode.RACE).values_list("pk", flat=True)
    found = strangers(members_by_pool(races)).values()
    return asked - {rep for pool in found for rep, others in pool.items() if not others}


def apart(phase: OnboardingPhase | None) -> bool:
    """Whether who is in ``phase``, read with its policy, races within the cohort only."""
    if phase is None or not phase.policy.active:
        return False
    return phase.cohort_only and facts_of(phase).competitive > 0


def _races_apart(rep: Rep) -> bool:
    known = _onboarding(rep)
    return known is not None and apart(known.phase)


def _together(rep: Rep, other: Rep) -> bool:
    """Whether ``other`` is of the cohort of ``rep``, who is being onboarded."""
    known = _onboarding(other)
    if known is None:
        return False
    if known.phase is None:
        return known.since > rep.onboarding.began_on
    return known.phase.policy.active


def _onboarding(rep: Rep) -> Onboarding | None:
    return getattr(rep, "onboarding", None)  # most reps have none
