"""The most specific place decides which territory a lead lies in (RU1)."""

from itertools import pairwise

import pytest

from leaddistrib.engine.territories import (
    WORLD,
    Found,
    Named,
    Overlap,
    TerritoryIndex,
    TerritoryPlaces,
    Where,
    normal_postal_code,
)

EIGHTH = Named("prefix", "FR 75008")
PARIS_CENTRE = Named("prefix", "FR 750")
PARIS = Named("metro", "Paris")
CITY = Named("subdivision", "FR-75")
REGION = Named("subdivision", "FR-IDF")
FRANCE = Named("country", "FR")
FROM_THE_MOST_SPECIFIC = [EIGHTH, PARIS_CENTRE, PARIS, CITY, REGION, FRANCE, WORLD]

LEAD = Where("FR", "FR-75", ("FR-IDF",), "75008")
METROS = {"FR 75": "Paris", "FR 92": "Paris", "FR 69": "Lyon"}


def index(*places: Named | None) -> TerritoryIndex:
    """A territory for each place, with the ids 1, 2, …; None is a territory without places."""
    return TerritoryIndex(
        (
            TerritoryPlaces(number, (place,) if place else ())
            for number, place in enumerate(places, 1)
        ),
        METROS,
    )


@pytest.mark.parametrize(("more", "less"), [*pairwise(FROM_THE_MOST_SPECIFIC)])
def test_the_more_specific_place_decides_whatever_the_order(more: Named, less: Named) -> None:
    assert index(less, more).find(LEAD) == Found(2, more)
    assert index(more, less).find(LEAD) == Found(1, more)


def test_a_territory_without_places_is_the_rest_of_the_world() -> None:
    territories = index(FRANCE, None)

    assert territories.find(Where("DE")) == Found(2, WORLD)
    assert territories.find(Where()) == Found(2, WORLD)


def test_a_place_that_nobody_names_has_no_territory() -> None:
    assert index(FRANCE).find(Where("DE", postal_code="75008")) is None


def test_of_two_territories_with_one_place_the_older_one_has_it_and_the_other_is_told() -> None:
    territories = index(REGION, FRANCE, FRANCE)

    assert territories.find(Where("FR")) == Found(2, FRANCE, overlapping=(3,))
    assert territories.overlaps() == [Overlap(FRANCE, (2, 3))]


def test_two_rests_of_the_world_overlap_too() -> None:
    assert index(None, FRANCE, None).overlaps() == [Overlap(WORLD, (1, 3))]


@pytest.mark.parametrize("written", ["SW1A 1AA", "sw1a1aa", "SW1A-1AA"])
def test_a_postal_code_is_found_however_it_is_written(written: str) -> None:
    assert index(Named("prefix", "GB SW1A")).find(Where("GB", postal_code=written))
    assert normal_postal_code(written) == "SW1A1AA"


def test_a_prefix_counts_in_its_country_only_and_never_beyond_the_code() -> None:
    territories = index(PARIS_CENTRE)

    assert territories.find(Where("DE", postal_code="75008")) is None
    assert territories.find(Where("FR", postal_code="75")) is None
    assert territories.find(Where(postal_code="75008")) is None


def test_the_metropolitan_area_is_told_by_the_longest_prefix() -> None:
    metros = TerritoryIndex([], METROS | {"FR 9213": "Issy"})

    assert metros.metro(Where("FR", postal_code="92200")) == "Paris"
    assert metros.metro(Where("FR", postal_code="92130")) == "Issy"
    assert metros.metro(Where("FR", postal_code="13001")) == ""


def test_any_of_several_regions_above_a_subdivision_counts_the_smallest_first() -> None:
    strasbourg = Where("FR", "FR-67", ("FR-6AE", "FR-GES"))
    alsace, east = Named("subdivision", "FR-6AE"), Named("subdivision", "FR-GES")

    assert index(east).find(strasbourg) == Found(1, east)
    assert index(east, alsace).find(strasbourg) == Found(2, alsace)


def test_gaps_are_the_places_that_nobody_takes_each_once() -> None:
    places = [Where("FR"), Where("DE"), Where("DE"), Where("FR", "FR-75"), Where("IT", "IT-MI")]

    assert index(FRANCE).gaps(places) == [Where("DE"), Where("IT", "IT-MI")]
    assert index(FRANCE, None).gaps(places) == []


def test_thousands_of_prefixes_are_looked_up_once_for_each_length() -> None:
    """What makes 5,000 prefixes as quick as ten: the number of names a place is asked by."""
    named = [Named("prefix", f"FR {code}") for code in range(10_000, 15_000)]
    territories = index(*named, Named("prefix", "FR 9"))

    asked = list(territories._names(Where("FR", postal_code="12345")))

    assert asked[:2] == [Named("prefix", "FR 12345"), Named("prefix", "FR 1")]
    assert len(asked) <= 5
    assert territories.find(Where("FR", postal_code="12345")) == Found(2346, asked[0])
