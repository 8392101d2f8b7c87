"""One field of a lead: what came from outside becomes its one spelling, or a ValidationError (IN5).

Every message says what is expected and quotes what came, shortened (IN7).
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator, EmailValidator
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from leaddistrib.lifecycle.intake.codes import (
    country_code,
    currency_code,
    language_code,
    subdivision_code,
)
from leaddistrib.lifecycle.intake.conventions import Conventions
from leaddistrib.lifecycle.intake.texts import one_line, refuse_control_characters, shown

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EMAIL_LENGTH = 254
CODE_LENGTH = 100
ADDRESS_LENGTH = 2000
ATTRIBUTE_KEY_LENGTH = 64
HIGHEST_AMOUNT = Decimal("9999999999.99")  # of twelve digits, in the database
ATTRIBUTE_LENGTH = 2000
# JSON numbers beyond this lose digits in most programs that read them.
ATTRIBUTE_NUMBER = 2**53

# Postal codes of five digits: a spreadsheet makes 1000 of 01000, which is another place.
FIVE_DIGIT_POSTAL_CODES = frozenset({"DE", "ES", "FI", "FR", "IT", "US"})

_is_email = EmailValidator()
_is_domain = DomainNameValidator()


def country(value: object) -> str:
    """ISO 3166-1 alpha-2."""
    text = one_line(value, CODE_LENGTH)
    code = country_code(text)
    if code is None:
        raise _wrong(_("Expected a country such as FR, FRA or France, got “%(value)s”."), text)
    return code


def subdivision(value: object, within: str) -> str:
    """ISO 3166-2; ``within`` is the alpha-2 code of the country, "" when unknown."""
    text = one_line(value, CODE_LENGTH)
    code = subdivision_code(text, within)
    if code:
        return code
    if within:
        message = _("Expected a subdivision of %(country)s, as a code or a name, got “%(value)s”.")
        raise _wrong(message, text, country=within)
    raise _wrong(_("Expected a code such as FR-75, or a country beside it, got “%(value)s”."), text)


def language(value: object) -> str:
    """A language tag in lower case."""
    text = one_line(value, CODE_LENGTH)
    code = language_code(text)
    if code is None:
        raise _wrong(_("Expected a language such as fr or en-GB, got “%(value)s”."), text)
    return code


def email(value: object) -> tuple[str, str]:
    """The address with its domain in lower case, and the domain in ASCII."""
    text = one_line(value, EMAIL_LENGTH)
    local, _at, host = text.rpartition("@")
    try:
        _is_email(text)
        return f"{local}@{host.lower()}", punycode(host.lower())
    except (ValidationError, UnicodeError):
        message = _("Expected an e-mail address such as ana@example.com, got “%(value)s”.")
        raise _wrong(message, text) from None


def domain(value: object) -> str:
    """Bare domain of a domain or a web address, in ASCII: two spellings of one domain are equal."""
    text = one_line(value, ADDRESS_LENGTH)
    host = re.sub(r"^[a-z]+://", "", text.lower()).split("/")[0].split(":")[0]
    bare = host.removeprefix("www.").rstrip(".")
    try:
        _is_domain(bare)
        return punycode(bare)
    except (ValidationError, UnicodeError):
        raise _wrong(_("Expected a domain such as example.com, got “%(value)s”."), text) from None


def phone(value: object, region: str) -> tuple[str, str]:
    """E.164 and the extension ("" without one); ``region`` is the lead's country or ""."""
    text = one_line(value, CODE_LENGTH)
    international = "+" + text[2:] if text.startswith("00") and not region else text
    try:
        number = phonenumbers.parse(international, region or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        if region or text.startswith("+"):
            message = _("Expected a phone number such as +33 1 23 45 67 89, got “%(value)s”.")
        else:
            message = _(
                "Expected a phone number with its country code, such as +33 1 23 45 67 89, "
                "or a country beside it, got “%(value)s”."
            )
        raise _wrong(message, text)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, number.extension or ""


def postal_code(text: str, region: str) -> str:
    """The code with the leading zero that a spreadsheet took away."""
    lost_zero = region in FIVE_DIGIT_POSTAL_CODES and re.fullmatch(r"[0-9]{4}", text)
    return text.zfill(5) if lost_zero else text


def whole_number(value: object, greatest: int) -> int:
    """A whole number from 0 to ``greatest``."""
    try:
        number = Conventions().whole(value)
    except ValueError:
        number = -1
    if not 0 <= number <= greatest:
        message = _("Expected a whole number from 0 to %(greatest)d, got “%(value)s”.")
        raise _wrong(message, value, greatest=greatest)
    return number


def amount(value: object) -> Decimal:
    """An amount of money from 0 to ``HIGHEST_AMOUNT``, with at most two decimals."""
    try:
        number = Conventions().amount(value)
    except ValueError:
        number = Decimal(-1)
    if not 0 <= number <= HIGHEST_AMOUNT:
        message = _("Expected an amount such as 1200 or 1200.50, got “%(value)s”.")
        raise _wrong(message, value)
    return number


def currency(value: object) -> str:
    """ISO 4217."""
    text = one_line(value, CODE_LENGTH)
    code = currency_code(text)
    if code is None:
        raise _wrong(_("Expected a currency such as EUR or USD, got “%(value)s”."), text)
    return code


def moment(value: object) -> datetime:
    """An aware moment in UTC."""
    try:
        return Conventions().moment(value)
    except ValueError:
        message = _("Expected a date such as 2026-11-21 or 2026-11-21 14:30, got “%(value)s”.")
        raise _wrong(message, value) from None


def attribute(name: str, value: object) -> object:
    """The value as JSON can hold it, within bounds."""
    if not name:
        raise ValidationError(_("An attribute needs a name."))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        # Not a number and infinity fail this too.
        if abs(value) <= ATTRIBUTE_NUMBER:
            return value
        message = _("Expected a number between -%(limit)d and %(limit)d, got “%(value)s”.")
        raise _wrong(message, value, limit=ATTRIBUTE_NUMBER)
    if not isinstance(value, str):
        raise _wrong(_("Expected a text, a number, true, false or null, got “%(value)s”."), value)
    refuse_control_characters(value)
    if len(value) > ATTRIBUTE_LENGTH:
        message = _("Expected at most %(max)d characters, got %(length)d: “%(value)s”.")
        raise _wrong(message, value, max=ATTRIBUTE_LENGTH, length=len(value))
    return value


def _wrong(message: "StrOrPromise", value: object, **params: object) -> ValidationError:
    return ValidationError(message, params={"value": shown(value), **params})
