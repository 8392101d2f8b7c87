"""Public holidays of a country or a part of it (PU2), by the package ``holidays``.

It is an optional extra and takes over a second to load: only whoever keeps holidays pays for it.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from leaddistrib.errors import LeadDistribError

LIBRARY = "holidays"


class NoHolidays(LeadDistribError):
    """Holidays cannot be told. ``known`` lists what could stand instead; None: the package is
    missing."""

    code = "no_holidays"

    def __init__(self, region: str, known: tuple[str, ...] | None) -> None:
        self.region, self.known = region, known
        missing = "the package “holidays” is not installed"
        super().__init__(f"{region}: {missing if known is None else 'unknown region'}")


def is_installed() -> bool:
    """Whether the package is there. Does not load it."""
    return find_spec(LIBRARY) is not None


def check_region(region: str) -> None:
    """Raise unless the holidays of ``region`` ("FR", "DE-BY") are known.

    Raises:
        NoHolidays: the region is unknown, or the package is missing.
    """
    country, _, part = region.partition("-")
    known = _library(region).list_supported_countries()
    if country not in known:
        raise NoHolidays(region, tuple(sorted(known)))
    if part and part not in known[country]:
        raise NoHolidays(region, (country, *(f"{country}-{one}" for one in known[country])))
    if not part and region != country:
        raise NoHolidays(region, (country,))


def holidays(region: str, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of ``region`` in ``years``.

    Raises:
        NoHolidays: the region is unknown, or the package is missing.
    """
    return frozenset[date]().union(*(_year(region, year) for year in years))


@lru_cache(maxsize=2048)
def _year(region: str, year: int) -> frozenset[date]:
    check_region(region)
    country, _, part = region.partition("-")
    days = _library(region).country_holidays(country, subdiv=part or None, years=year)
    return frozenset(day for day in days if day.year == year)


def _library(region: str) -> Any:
    try:
        return import_module(LIBRARY)
    except ImportError as error:
        raise NoHolidays(region, None) from error
