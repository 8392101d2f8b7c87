"""Territories as the engine wants them: compiled once in each process, and anew after a change."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.db.models import Count, Max, Value

from leaddistrib.engine.territories import (
    Named,
    Overlap,
    TerritoryIndex,
    TerritoryPlaces,
    Where,
    prefix,
)
from leaddistrib.models import Lead, Metro, Territory
from leaddistrib.queries.places import regions_of

Version = tuple[tuple[object, ...], ...]


def territory_index() -> TerritoryIndex:
    """All territories as they are now. One query, and three more after a change."""
    return _compiled(_version())


def where(lead: Lead) -> Where:
    """Where the lead is, in the engine's words."""
    return Where(
        country=lead.country,
        subdivision=lead.subdivision,
        regions=regions_of(lead.subdivision),
        postal_code=lead.postal_code,
    )


def recent_places(since: datetime) -> Counter[Where]:
    """Where the leads since then came from, and how many each. One query."""
    rows = (
        Lead.objects.filter(received_at__gte=since)
        .order_by()
        .values_list("country", "subdivision", "postal_code")
        .annotate(number=Count("pk"))
    )
    found: Counter[Where] = Counter()
    for country, subdivision, postal_code, number in rows.iterator():
        found[Where(country, subdivision, regions_of(subdivision), postal_code)] += number
    return found


def leads_by_territory(since: datetime) -> Counter[int | None]:
    """How many of the leads since then would lie in each territory as they are now, by its id;
    None for those that lie in none."""
    index = territory_index()
    found: Counter[int | None] = Counter()
    for place, number in recent_places(since).items():
        territory = index.find(place)
        found[territory.territory if territory else None] += number
    return found


def overlaps() -> list[Overlap]:
    """Places that several territories name (RU4)."""
    return territory_index().overlaps()


def gaps(wheres: Iterable[Where]) -> list[Where]:
    """Those places that no territory takes (RU4); [] while there are no territories at all."""
    return territory_index().gaps(wheres) if Territory.objects.exists() else []


def _version() -> Version:
    """What differs after every change of a territory or metropolitan area, in any process.

    The history gets a row with each change. The highest number alone would not do: of two changes
    at once the lower may be committed later. The time tells apart rows that got the same number,
    as SQLite gives it again after a rollback.
    """
    tables = (Territory.history, Metro.history)
    versions = [
        table.order_by()
        .values(which=Value(number))
        .annotate(count=Count("pk"), latest=Max("pk"), at=Max("history_date"))
        .values_list("which", "count", "latest", "at")
        for number, table in enumerate(tables)
    ]
    return tuple(versions[0].union(*versions[1:], all=True).order_by("which"))


@lru_cache(maxsize=4)
def _compiled(version: Version) -> TerritoryIndex:
    metros = {metro.pk: metro for metro in Metro.objects.all()}
    by_prefix = {start: metro.name for metro in metros.values() for start in starts(metro)}
    return TerritoryIndex(
        (
            TerritoryPlaces(territory.pk, places(territory))
            for territory in Territory.objects.prefetch_related("metros")
        ),
        by_prefix,
    )


def starts(metro: Metro) -> Iterable[str]:
    """The metropolitan area's prefixes with their country, as the engine names them."""
    return (prefix(metro.country, start) for start in metro.postal_prefixes)


def places(territory: Territory) -> tuple[Named, ...]:
    """The places that the territory names."""
    prefixes = (one.partition(" ") for one in territory.postal_prefixes)
    return (
        *(Named("country", code) for code in territory.countries),
        *(Named("subdivision", code) for code in territory.subdivisions),
        *(Named("metro", metro.name) for metro in territory.metros.all()),
        *(Named("prefix", prefix(country, start)) for country, _space, start in prefixes),
    )
