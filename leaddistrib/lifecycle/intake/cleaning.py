"""One lead's fields from outside, validated and normalised, or each wrong one named."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator, EmailValidator
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.codes import country_code, language_code, subdivision_code
from leaddistrib.lifecycle.intake.conventions import Conventions
from leaddistrib.lifecycle.intake.texts import one_line, refuse_control_characters, shown

# Greatest length of the fields that are plain text, by their outside name.
TEXT_FIELDS = {
    "source": 100,
    "source_system": 100,
    "external_id": 100,
    "lead_type": 100,
    "company": 200,
    "contact.name": 200,
    "contact.title": 100,
    "city": 100,
    "postal_code": 20,
    "industry": 100,
    "product": 100,
}
CODED_FIELDS = ("contact.email", "contact.phone", "country", "subdivision", "language")
NUMBER_FIELDS = {"employees": 2_147_483_647, "score": 1000}
DATE_FIELDS = ("received_at",)
FIELDS = (*TEXT_FIELDS, *CODED_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS, "company_domain", "attributes")

# Fields that hold named values of their own.
NESTED = ("contact", "attributes")

EMAIL_LENGTH = 254
ATTRIBUTES = 50
ATTRIBUTE_KEY_LENGTH = 64
ATTRIBUTE_LENGTH = 2000
# JSON numbers beyond this lose digits in most programs that read them.
ATTRIBUTE_NUMBER = 2**53

SMB_BELOW = 50
ENTERPRISE_FROM = 500

# Leads there say nothing about the company (IN4).
FREE_MAIL_DOMAINS = frozenset(
    {
        "aol.com",
        "free.fr",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "gmx.fr",
        "googlemail.com",
        "hotmail.com",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "live.com",
        "live.fr",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "neuf.fr",
        "orange.fr",
        "outlook.com",
        "outlook.fr",
        "proton.me",
        "protonmail.com",
        "sfr.fr",
        "wanadoo.fr",
        "web.de",
        "yahoo.com",
        "yahoo.fr",
        "ymail.com",
        "zoho.com",
    }
)

# Postal codes of five digits: a spreadsheet makes 1000 of 01000, which is another place.
FIVE_DIGIT_POSTAL_CODES = frozenset({"DE", "ES", "FI", "FR", "IT", "US"})

_is_email = EmailValidator()
_is_domain = DomainNameValidator()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least scores for a lead to be hot or warm, and of high or standard quality (IN5)."""

    hot: int = 80
    warm: int = 40
    high: int = 80
    standard: int = 40


@dataclass(frozen=True, slots=True)
class LeadInput:
    """A lead as it may be stored: texts "" when blank, numbers and moments None when blank."""

    source: str = ""
    source_system: str = ""
    external_id: str = ""
    lead_type: str = ""
    company: str = ""
    contact_name: str = ""
    contact_title: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    country: str = ""
    subdivision: str = ""
    city: str = ""
    postal_code: str = ""
    industry: str = ""
    employees: int | None = None
    product: str = ""
    score: int | None = None
    language: str = ""
    attributes: dict[str, object] = field(default_factory=dict)
    received_at: datetime | None = None
    # Derived.
    email_domain: str = ""
    company_domain: str = ""
    size_band: str = ""
    temperature: str = ""
    quality: str = ""


def clean(
    data: Mapping[str, object],
    *,
    require: Collection[str] = (),
    thresholds: Thresholds | None = None,
) -> LeadInput:
    """Validate and normalise one lead (IN5).

    ``data`` is keyed by the outside names ("contact.email", or nested as {"contact": {"email": …}};
    "attributes.KEY" or {"attributes": {…}}). ``require`` names the fields that may not be blank.
    Raises InvalidLead naming every wrong field at once, with what was expected and what came (IN7).
    """
    return _Cleaning(data).lead(require, thresholds or Thresholds())


class _Cleaning:
    """The state of one cleaning: what came, and what is wrong with it so far."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self.wrong: dict[str, list[str]] = {}
        self.given: dict[str, object] = {}
        self.attributes: dict[str, object] = {}
        for name, value in data.items():
            self._take(str(name), value)

    def _take(self, name: str, value: object) -> None:
        if name in NESTED:
            if isinstance(value, Mapping):
                for key, inner in value.items():
                    self._take(f"{name}.{key}", inner)
            elif value not in (None, ""):
                message = _("Expected an object with named values, got “%(value)s”.")
                self._refuse(name, ValidationError(message, params={"value": shown(value)}))
        elif name.startswith("attributes."):
            self.attributes[name.removeprefix("attributes.")] = value
        elif name in FIELDS:
            self.given[name] = value
        else:
            self._refuse(name, ValidationError(_("There is no such field.")))

    def lead(self, require: Collection[str], thresholds: Thresholds) -> LeadInput:
        values: dict[str, object] = {
            name.replace(".", "_"): self._cleaned(name, one_line, length) or ""
            for name, length in TEXT_FIELDS.items()
        }
        country = self._cleaned("country", _country) or ""
        subdivision = self._cleaned("subdivision", _subdivision, country) or ""
        country = country or subdivision.partition("-")[0]
        email = self._cleaned("contact.email", _email) or ""
        phone, extension = self._cleaned("contact.phone", _phone, country) or ("", "")
        employees = self._cleaned("employees", _whole, NUMBER_FIELDS["employees"])
        score = self._cleaned("score", _whole, NUMBER_FIELDS["score"])
        email_domain = punycode(email.rpartition("@")[2]) if email else ""
        company_domain = self._cleaned("company_domain", _domain) or email_domain
        values |= {
            "contact_email": email,
            "contact_phone": phone,
            "country": country,
            "subdivision": subdivision,
            "postal_code": _postal_code(str(values["postal_code"]), country),
            "employees": employees,
            "score": score,
            "language": self._cleaned("language", _language) or "",
            "attributes": self._cleaned_attributes(),
            "received_at": self._cleaned("received_at", _moment),
            "email_domain": email_domain,
            "company_domain": "" if company_domain in FREE_MAIL_DOMAINS else company_domain,
            "size_band": size_band(employees),
            "temperature": _class(score, hot=thresholds.hot, warm=thresholds.warm, cold=0),
            "quality": _class(score, high=thresholds.high, standard=thresholds.standard, low=0),
        }
        if extension:
            values["attributes"].setdefault("phone_extension", extension)
        for name in require:
            if name not in self.wrong and values[name.replace(".", "_")] in ("", None, {}):
                self._refuse(name, ValidationError(_("This field is required.")))
        if self.wrong:
            raise InvalidLead(self.wrong)
        return LeadInput(**values)

    def _cleaned(self, name: str, cleaner: Callable, *arguments: object):
        """The cleaned value; None if it is blank, or wrong (which is then noted)."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and not value.strip(" \t\r\n\u00a0")):
            return None
        try:
            return cleaner(value, *arguments)
        except ValidationError as error:
            return self._refuse(name, error)

    def _cleaned_attributes(self) -> dict[str, object]:
        if len(self.attributes) > ATTRIBUTES:
            message = _("Expected at most %(max)d attributes, got %(count)d.")
            params = {"max": ATTRIBUTES, "count": len(self.attributes)}
            self._refuse("attributes", ValidationError(message, params=params))
            return {}
        cleaned = {}
        for key, value in self.attributes.items():
            try:
                name = one_line(key, ATTRIBUTE_KEY_LENGTH)
                if name in cleaned:
                    raise ValidationError(_("Another attribute has the same name."))
                cleaned[name] = _attribute(name, value)
            except ValidationError as error:
                self._refuse(f"attributes.{shown(key)}", error)
        return cleaned

    def _refuse(self, name: str, error: ValidationError) -> None:
        self.wrong.setdefault(name, []).extend(error.messages)


def size_band(employees: int | None) -> str:
    """smb, mid_market or enterprise; "" when unknown (RU1)."""
    if employees is None:
        return ""
    if employees < SMB_BELOW:
        return "smb"
    return "mid_market" if employees < ENTERPRISE_FROM else "enterprise"


def _class(score: int | None, **least: int) -> str:
    """The first class, in falling order, whose least score is reached; "" without a score."""
    if score is None:
        return ""
    return next((name for name, threshold in least.items() if score >= threshold), "")


def _wrong(message: object, value: object, **params: object) -> ValidationError:
    return ValidationError(message, params={"value": shown(value), **params})


def _country(value: object) -> str:
    text = one_line(value, 100)
    code = country_code(text)
    if code is None:
        raise _wrong(_("Expected a country such as FR, FRA or France, got “%(value)s”."), text)
    return code


def _subdivision(value: object, country: str) -> str:
    text = one_line(value, 100)
    code = subdivision_code(text, country)
    if code:
        return code
    if country:
        message = _("Expected a subdivision of %(country)s, as a code or a name, got “%(value)s”.")
        raise _wrong(message, text, country=country)
    raise _wrong(_("Expected a code such as FR-75, or a country beside it, got “%(value)s”."), text)


def _language(value: object) -> str:
    text = one_line(value, 100)
    code = language_code(text)
    if code is None:
        raise _wrong(_("Expected a language such as fr or en-GB, got “%(value)s”."), text)
    return code


def _email(value: object) -> str:
    text = one_line(value, EMAIL_LENGTH)
    try:
        _is_email(text)
    except ValidationError:
        message = _("Expected an e-mail address such as ana@example.com, got “%(value)s”.")
        raise _wrong(message, text) from None
    local, _at, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def _domain(value: object) -> str:
    """Bare domain of a domain or a web address, in ASCII: two spellings of one domain are equal."""
    text = one_line(value, 2000)
    host = re.sub(r"^[a-z]+://", "", text.lower()).split("/")[0].split(":")[0]
    domain = host.removeprefix("www.").rstrip(".")
    try:
        _is_domain(domain)
        return punycode(domain)
    except ValidationError:
        raise _wrong(_("Expected a domain such as example.com, got “%(value)s”."), text) from None


def _phone(value: object, country: str) -> tuple[str, str]:
    """E.164 and the extension ("" without one)."""
    text = one_line(value, 100)
    international = "+" + text[2:] if text.startswith("00") and not country else text
    try:
        number = phonenumbers.parse(international, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        if country or text.startswith("+"):
            message = _("Expected a phone number such as +33 1 23 45 67 89, got “%(value)s”.")
        else:
            message = _(
                "Expected a phone number with its country code, such as +33 1 23 45 67 89, "
                "or a country beside it, got “%(value)s”."
            )
        raise _wrong(message, text)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, number.extension or ""


def _postal_code(text: str, country: str) -> str:
    lost_zero = country in FIVE_DIGIT_POSTAL_CODES and re.fullmatch(r"[0-9]{4}", text)
    return text.zfill(5) if lost_zero else text


def _whole(value: object, greatest: int) -> int:
    try:
        number = Conventions().whole(value)
    except ValueError:
        number = -1
    if not 0 <= number <= greatest:
        message = _("Expected a whole number from 0 to %(greatest)d, got “%(value)s”.")
        raise _wrong(message, value, greatest=greatest)
    return number


def _moment(value: object) -> datetime:
    try:
        return Conventions().moment(value)
    except ValueError:
        message = _("Expected a date such as 2026-11-21 or 2026-11-21 14:30, got “%(value)s”.")
        raise _wrong(message, value) from None


def _attribute(name: str, value: object) -> object:
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
