"""Pools that are closed to members by what they are set up as: said to those who set them up, so
that nobody waits for leads that never come, and no lead for nobody (TI1, ON1)."""

from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import Pool, Rep
from leaddistrib.queries.cohorts import strangers
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.premium import kept_out_of_premium

NAMED = 5
"""Reps who are named at most; the others are counted."""


def seen_by_nobody(pools: Iterable[Pool]) -> frozenset[int]:
    """Those of ``pools`` (their primary keys) that are premium, and that the tier of none of their
    active members sees: leads wait there for nobody. Four queries, none without a premium pool."""
    premium = [pool.pk for pool in pools if pool.premium]
    if not premium:
        return frozenset()
    members = members_by_pool(premium)
    wanted = set().union(*members.values())
    active = Rep.objects.filter(pk__in=wanted, active=True, user__is_active=True)
    there = set(active.values_list("pk", flat=True))
    seeing = there - kept_out_of_premium(there)
    return frozenset(
        pool for pool in premium if members[pool] & there and not members[pool] & seeing
    )


def closed(pool: Pool) -> Iterator[str]:
    """Which members cannot claim in ``pool``, a race, as long as it is set up as it is. Seven
    queries at most."""
    if seen_by_nobody([pool]):
        yield (
            _("No member's tier sees this premium pool: its leads wait for nobody.")
            if pool.push_minutes is None
            else _(
                "No member's tier sees this premium pool: its leads wait until they are passed on."
            )
        )
    together: dict[tuple[int, ...], tuple[list[Rep], list[Rep]]] = {}
    for others, rep in _strangers(pool):
        key = tuple(one.pk for one in others)
        together.setdefault(key, ([], others))[0].append(rep)
    for reps, others in together.values():
        yield _(
            "For now closed to %(reps)s, who in onboarding race their own cohort only. Not of it:"
            " %(others)s."
        ) % {"reps": _names(reps), "others": _names(others)}


def _strangers(pool: Pool) -> Iterator[tuple[list[Rep], Rep]]:
    """The members who are not of the cohort of a rep, and the rep whom they keep from racing."""
    found = strangers(members_by_pool([pool.pk])).get(pool.pk, {})
    kept_out = Rep.objects.filter(pk__in=[rep for rep, others in found.items() if others])
    return ((found[rep.pk], rep) for rep in kept_out.select_related("user").order_by("pk"))


def _names(reps: Sequence[Rep]) -> str:
    named = ", ".join(rep.name for rep in reps[:NAMED])
    more = len(reps) - NAMED
    if more <= 0:
        return named
    text = ngettext("%(names)s and %(count)d other", "%(names)s and %(count)d others", more)
    return text % {"names": named, "count": more}
