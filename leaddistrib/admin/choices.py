"""Values that are known of a lead's fields, for the editor of conditions (RU1).

A field is *closed* when its values are a short list (countries, sizes, territories), *suggested*
when anything may be written and leads show what was (sources, products), *searched* when the list
is too long for a page (subdivisions, accounts) and is asked for while somebody types.
"""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import Any

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.intake.codes import country_code
from leaddistrib.models import Account, Lead, Metro, Rep, SalesEvent, Territory
from leaddistrib.queries.fields import HostField, host_fields
from leaddistrib.queries.places import PREFERRED_SUBDIVISION, pycountry

Choice = tuple[str, str]  # a value and its label

NEWEST = 2000  # leads that are looked through for values that were used
FOUND = 30  # matches that a search shows

CLOSED = {
    "country",
    "size_band",
    "temperature",
    "quality",
    "language",
    "territory",
    "metro",
    "account_owner",
}
EVENT = "attributes.event"
USED = ("source", "source_system", "lead_type", "industry", "product")
SUGGESTED = (*USED, EVENT)
SEARCHED = {"subdivision", "region", "account"}


def more_fields() -> dict[str, HostField]:
    """Attributes that are fields by themselves: the event, and those that the host registered."""
    return {EVENT: HostField(EVENT, _("event"), "text"), **host_fields()}


class Known:
    """The known values, each list loaded once and only when a page shows it."""

    def kind(self, field: str) -> str:
        """ "closed", "suggested", "searched", or "" where nothing is known."""
        if field in CLOSED or _hosts_choices(field):
            return "closed"
        if field in SUGGESTED:
            return "suggested"
        return "searched" if field in SEARCHED else ""

    def values(self, field: str) -> Sequence[Choice]:
        """All values of a closed field, those in use of a suggested one, with their labels."""
        if choices := _hosts_choices(field):
            return _labelled(choices)
        match field:
            case "country":
                return _countries(get_language() or "en")
            case "language":
                return _languages(get_language() or "en")
            case "size_band":
                return _labelled(Lead.SizeBand.choices)
            case "temperature":
                return _labelled(Lead.Temperature.choices)
            case "quality":
                return _labelled(Lead.Quality.choices)
            case "territory":
                return self._territories
            case "metro":
                return self._metros
            case "account_owner":
                return self._reps
            case "attributes.event":
                return self._events
        return [(value, value) for value in self._used.get(field, ())]

    def label(self, field: str, value: str) -> str:
        """The label of a value of a searched field."""
        if field in ("subdivision", "region"):
            return next(
                (label for code, label in _subdivisions() if code == value.strip().upper()), value
            )
        return value

    @cached_property
    def _territories(self) -> list[Choice]:
        return _same(Territory.objects.values_list("name", flat=True))

    @cached_property
    def _metros(self) -> list[Choice]:
        return _same(Metro.objects.values_list("name", flat=True))

    @cached_property
    def _events(self) -> list[Choice]:
        return _same(SalesEvent.objects.values_list("name", flat=True))

    @cached_property
    def _reps(self) -> list[Choice]:
        reps = Rep.objects.filter(active=True).select_related("user")
        return [(rep.user.get_username(), rep.name) for rep in reps]

    @cached_property
    def _used(self) -> dict[str, list[str]]:
        """Values that the newest leads came with, and the industries of accounts: two queries."""
        used: dict[str, set[str]] = {field: set() for field in USED}
        for row in Lead.objects.order_by("-received_at", "-id").values(*USED)[:NEWEST]:
            for field, value in row.items():
                used[field].add(value)
        industries = Account.objects.order_by("-id").values_list("industry", flat=True)
        used["industry"].update(industries[:NEWEST])
        return {field: sorted(values - {""}, key=str.casefold) for field, values in used.items()}


def search(field: str, text: str) -> list[Choice]:
    """Values of a searched field whose code or name contains ``text``, at most 30."""
    wanted = text.strip()
    if not wanted or field not in SEARCHED:
        return []
    if field == "account":
        names = Account.objects.filter(name__icontains=wanted).order_by("name")
        return _same(names.values_list("name", flat=True).distinct()[:FOUND])
    folded = wanted.casefold()
    regions = _regions() if field == "region" else None
    found = (
        (code, label)
        for code, label in _subdivisions()
        if folded in label.casefold() and (regions is None or code in regions)
    )
    return list(islice(found, FOUND))


def _hosts_choices(field: str) -> tuple[tuple[str, Any], ...]:
    registered = host_fields().get(field)
    return registered.choices if registered else ()


def _same(values: Iterable[str]) -> list[Choice]:
    return [(value, value) for value in values]


def _labelled(choices: Iterable[tuple[Any, Any]]) -> list[Choice]:
    return [(str(value), str(label)) for value, label in choices]


@cache
def _countries(language: str) -> list[Choice]:
    """Every country by its name in this language, in alphabetical order."""
    territories = Locale.parse(language, sep="-").territories
    named = [
        (code, f"{name} ({code})")
        for code, name in territories.items()
        if country_code(code) == code
    ]
    return sorted(named, key=lambda one: one[1])


@cache
def _languages(language: str) -> list[Choice]:
    """Languages with a two-letter code, by their name in this language."""
    names = Locale.parse(language, sep="-").languages
    named = [(code, f"{name} ({code})") for code, name in names.items() if len(code) == 2]
    return sorted(named, key=lambda one: one[1].casefold())


@cache
def _subdivisions() -> tuple[Choice, ...]:
    """Every subdivision of ISO 3166-2, as leads have its code, by country and name."""
    found = (
        (PREFERRED_SUBDIVISION.get(one.code, one.code), one.name)
        for one in pycountry().subdivisions
    )
    return tuple((code, f"{name} ({code})") for code, name in sorted(found))


@cache
def _regions() -> frozenset[str]:
    """Subdivisions that others lie in: what a lead's region can be."""
    return frozenset(one.parent_code for one in pycountry().subdivisions if one.parent_code)
