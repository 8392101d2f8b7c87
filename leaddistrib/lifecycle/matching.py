"""What a lead is recognised by: its territory, its account, an earlier lead of the same person.

Each function sets what it finds on the lead objects, saves nothing, and takes a number of queries
that does not depend on how many leads there are.
"""

from collections.abc import Sequence
from datetime import datetime

from leaddistrib.models import Lead, Organisation, Territory
from leaddistrib.queries import clock
from leaddistrib.queries.accounts import AccountMatch, matching_accounts
from leaddistrib.queries.duplicates import Duplicate, earlier_leads
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.territories import territory_index, where


def place(leads: Sequence[Lead]) -> None:
    """Set ``region``, ``metro`` and ``territory`` as the territories are now (RU1).

    Two queries, and three more after a territory changed. Called again before each routing: a lead
    that waited goes by the territories of that moment.
    """
    if not leads:
        return
    index = territory_index()
    places = [where(lead) for lead in leads]
    found = [index.find(one) for one in places]
    ids = {one.territory for one in found if one}
    territories = Territory.objects.in_bulk(ids) if ids else {}
    for lead, one, territory in zip(leads, places, found, strict=True):
        lead.region = one.regions[-1] if one.regions else ""
        lead.metro = index.metro(one)
        lead.territory = territories.get(territory.territory) if territory else None


def match(leads: Sequence[Lead], own: Organisation | None = None) -> list[AccountMatch | None]:
    """Set ``account`` (with its owner loaded) where one is recognised; returns by what (IN4).

    ``own`` are the organisation's numbers, where the caller has read them.
    """
    matches = matching_accounts(leads, own or organisation()) if leads else []
    for lead, found in zip(leads, matches, strict=True):
        lead.account = found.account if found else None
    return matches


def duplicates(
    leads: Sequence[Lead], own: Organisation | None = None, moment: datetime | None = None
) -> list[Duplicate | None]:
    """Set ``duplicate_of`` where the same person was here before ``moment``, which is now; returns
    by what (IN3). ``own`` as in ``match``.

    The first one may be another of ``leads`` without a row yet: it has to be saved before.
    """
    found = earlier_leads(leads, own or organisation(), moment or clock.now()) if leads else []
    for lead, duplicate in zip(leads, found, strict=True):
        lead.duplicate_of = duplicate.first if duplicate else None
    return found
