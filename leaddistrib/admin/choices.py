"""Fields of a lead that have a fixed set of values, for menus."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from babel import Locale
from django.utils.translation import get_language

from leaddistrib.lifecycle.intake.codes import country_code
from leaddistrib.models import Lead


def choices() -> dict[str, Sequence[tuple[str, Any]]]:
    """The fields with a fixed set of values, and these values with their labels."""
    return {
        "country": _countries(get_language() or "en"),
        "size_band": Lead.SizeBand.choices,
        "temperature": Lead.Temperature.choices,
        "quality": Lead.Quality.choices,
    }


@cache
def _countries(language: str) -> list[tuple[str, str]]:
    """Every country by its name in this language, in alphabetical order."""
    territories = Locale.parse(language, sep="-").territories
    named = [
        (code, f"{name} ({code})")
        for code, name in territories.items()
        if country_code(code) == code
    ]
    return sorted(named, key=lambda one: one[1])
