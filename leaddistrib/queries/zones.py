"""Time zones to choose from, by part of the world, in the reader's language."""

from functools import cache
from zoneinfo import available_timezones

from babel.dates import get_timezone_location
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

AREAS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}

Zones = list[tuple[str, list[tuple[str, str]]]]


def zones() -> Zones:
    """Each part of the world with its zones: their names, such as "Europe/London", and their
    places, such as "Londres", in the order of the places."""
    return _zones(get_language() or "en")


@cache
def _zones(language: str) -> Zones:
    locale = to_locale(language)
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in available_timezones():
        area, _slash, place = name.partition("/")
        if place and area in found:
            known = get_timezone_location(name, locale=locale, return_city=True)
            found[area].append((name, known.replace("_", " ").replace("/", ", ")))
    return [
        (str(label), sorted(found[area], key=lambda zone: (zone[1], zone[0])))
        for area, label in AREAS.items()
    ]
