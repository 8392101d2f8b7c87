"""How people write the places of a territory, and what is kept of that (RU1)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leaddistrib.engine.territories import normal_postal_code
from leaddistrib.lifecycle.intake.codes import country_code, subdivision_code
from leaddistrib.lifecycle.intake.texts import shown

LONGEST_PREFIX = 10


def country(text: str) -> str:
    """ISO 3166-1 alpha-2 of a code or a name."""
    code = country_code(text)
    if code is None:
        raise ValidationError(
            _("Expected a country such as FR, FRA or France, got “%(value)s”."),
            params={"value": shown(text)},
        )
    return code


def subdivision(text: str) -> str:
    """ISO 3166-2."""
    code = subdivision_code(text, "")
    if code is None:
        raise ValidationError(
            _("Expected a code such as FR-75 or US-CA, got “%(value)s”."),
            params={"value": shown(text)},
        )
    return code


def postal_start(text: str) -> str:
    """The start of a postal code, as it is compared."""
    start = normal_postal_code(text)
    if not start or len(start) > LONGEST_PREFIX:
        raise ValidationError(
            _("Expected the start of a postal code, such as 750, got “%(value)s”."),
            params={"value": shown(text)},
        )
    return start


def postal_prefix(text: str) -> str:
    """A country and the start of its postal codes, such as "FR 750"."""
    country, _space, start = text.partition(" ")
    code = country_code(country)
    if code is None or not normal_postal_code(start):
        raise ValidationError(
            _(
                "Expected a country and the start of its postal codes, such as FR 750, "
                "got “%(value)s”."
            ),
            params={"value": shown(text)},
        )
    return f"{code} {postal_start(start)}"
