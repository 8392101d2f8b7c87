"""Subdivisions and what they lie in, as ISO 3166-2 has them."""

from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType

from babel import Locale
from django.utils.translation import get_language

# ISO renamed Paris to FR-75C in 2021. People, rules and other systems still write FR-75.
PREFERRED_SUBDIVISION = {"FR-75C": "FR-75"}
_IN_ISO = {preferred: code for code, preferred in PREFERRED_SUBDIVISION.items()}


@cache
def pycountry() -> ModuleType:
    """Loaded when it is first needed: it takes 90 ms, which not every process should pay."""
    return import_module("pycountry")


@cache
def regions_of(subdivision: str) -> tuple[str, ...]:
    """What a subdivision lies in, the smallest first: ("FR-IDF",) for "FR-75"; () for a code that
    lies in nothing but its country, or is unknown."""
    if not subdivision:
        return ()
    found = pycountry().subdivisions.get(code=_IN_ISO.get(subdivision, subdivision))
    parent = found.parent_code if found else None
    return (parent, *regions_of(parent)) if parent else ()


def country_name(code: str) -> str:
    """The country in the reader's language, its code where it has no name there."""
    return _countries(get_language() or "en").get(code, code)


def subdivision_name(code: str) -> str:
    """The subdivision by its own name, its code where it is unknown."""
    found = pycountry().subdivisions.get(code=_IN_ISO.get(code, code))
    return str(found.name) if found else code


@lru_cache(maxsize=8)
def _countries(language: str) -> dict[str, str]:
    return dict(Locale.parse(language, sep="-").territories)
