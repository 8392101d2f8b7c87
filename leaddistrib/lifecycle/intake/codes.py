"""Countries, subdivisions and languages as ISO codes, whatever way they were written (IN5)."""

import gettext
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from babel import Locale

from leaddistrib.queries.places import PREFERRED_SUBDIVISION, pycountry

# Names are understood in the languages of the product.
LANGUAGES = ("en", "fr")

# Written by many, listed by nobody.
COUNTRY_ALIASES = {"uk": "GB", "el": "GR", "england": "GB", "angleterre": "GB", "ecosse": "GB"}

# Signs that stand for one currency only.
CURRENCY_SIGNS = {"€": "EUR", "£": "GBP"}

LANGUAGE_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")


def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a code or an English or French name; None if there is none."""
    return _countries().get(_key(text))


@lru_cache(maxsize=4096)
def subdivision_code(text: str, country: str) -> str | None:
    """ISO 3166-2 code of a code ("FR-75"), a local code ("75") or a name; None if unknown.

    ``country`` is an alpha-2 code or ""; without it only a full code is understood.
    """
    upper = text.upper().replace("_", "-")
    prefix, dash, _local = upper.partition("-")
    if dash and len(prefix) == 2 and country in {"", prefix}:
        found = _subdivisions(prefix).get(_key(upper))
        if found:
            return found
    if not country:
        return None
    known = _subdivisions(country)
    for candidate in (f"{country}-{upper}", f"{country}-{upper.zfill(2)}", text):
        if _key(candidate) in known:
            return known[_key(candidate)]
    return None


@lru_cache(maxsize=1024)
def language_code(text: str) -> str | None:
    """A tag in lower case ("fr", "en-gb") of a tag or an English or French name, or None."""
    tag = LANGUAGE_TAG.fullmatch(text)
    if tag and tag[1].lower() in Locale("en").languages:
        return text.lower().replace("_", "-")
    return _languages().get(_key(text))


@lru_cache(maxsize=256)
def currency_code(text: str) -> str | None:
    """ISO 4217 of a code in any case, or of the sign € or £; None if there is none."""
    code = CURRENCY_SIGNS.get(text, text.upper())
    return code if pycountry().currencies.get(alpha_3=code) else None


def _key(text: str) -> str:
    """What two spellings of one name have in common: letters and digits, no case, no accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if c.isalnum())


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    translations = [Locale(language).territories for language in LANGUAGES]
    names = [_translator("iso3166-1", language) for language in LANGUAGES]
    for country in pycountry().countries:
        spellings = [country.alpha_2, country.alpha_3]
        spellings += [territories.get(country.alpha_2, "") for territories in translations]
        for attribute in ("name", "common_name", "official_name"):
            name = getattr(country, attribute, "")
            spellings += [translate(name) for translate in names if name]
        _add(found, spellings, country.alpha_2)
    for alias, code in COUNTRY_ALIASES.items():
        found.setdefault(alias, code)
    return found


@lru_cache(maxsize=300)
def _subdivisions(country: str) -> dict[str, str]:
    found: dict[str, str] = {}
    names = [_translator("iso3166-2", language) for language in LANGUAGES]
    subdivisions = pycountry().subdivisions.get(country_code=country) or []
    # All codes first: a name must never hide a code.
    for subdivision in subdivisions:
        code = PREFERRED_SUBDIVISION.get(subdivision.code, subdivision.code)
        _add(found, [code, subdivision.code], code)
    for subdivision in subdivisions:
        code = PREFERRED_SUBDIVISION.get(subdivision.code, subdivision.code)
        _add(found, [subdivision.name, *(named(subdivision.name) for named in names)], code)
    return found


@cache
def _languages() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).languages.items():
            _add(found, [name], code.lower().replace("_", "-"))
    return found


def _translator(domain: str, language: str) -> Callable[[str], str]:
    return gettext.translation(
        domain, pycountry().LOCALES_DIR, languages=[language], fallback=True
    ).gettext


def _add(found: dict[str, str], spellings: Iterable[str], code: str) -> None:
    for spelling in spellings:
        if spelling:
            found.setdefault(_key(spelling), code)
