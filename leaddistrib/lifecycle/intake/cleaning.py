"""One lead's fields from outside, validated and normalised, or each wrong one named."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Concatenate, ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leaddistrib import conf
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.fields import ATTRIBUTE_KEY_LENGTH
from leaddistrib.lifecycle.intake.texts import one_line, shown
from leaddistrib.queries.freemail import FREE_MAIL_DOMAINS

P = ParamSpec("P")
T = TypeVar("T")

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
CODED_FIELDS = ("contact.email", "contact.phone", "country", "subdivision", "language", "currency")
NUMBER_FIELDS = ("employees", "score")
AMOUNT_FIELDS = ("value",)
DATE_FIELDS = ("received_at",)
FIELDS = (
    *(*TEXT_FIELDS, *CODED_FIELDS, *NUMBER_FIELDS, *AMOUNT_FIELDS, *DATE_FIELDS),
    *("company_domain", "attributes"),
)

# What a blank cell may hold. Other white space is a control character, to be refused.
BLANK = " \t\r\n\u00a0\u202f"
# Fields that hold named values of their own.
NESTED = ("contact", "attributes")

# A four-byte integer in the database.
MOST_EMPLOYEES = 2**31 - 1
HIGHEST_SCORE = 1000
ATTRIBUTES = 50

SMB_BELOW = 50
ENTERPRISE_FROM = 500


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least scores for a lead to be hot or warm, and of high or standard quality (IN5)."""

    hot: int = 80
    warm: int = 40
    high: int = 80
    standard: int = 40

    @classmethod
    def configured(cls) -> "Thresholds":
        """As the host's settings say: a hot lead is of high quality, a warm one of standard."""
        hot, warm = conf.settings.HOT_SCORE, conf.settings.WARM_SCORE
        return cls(hot, warm, high=hot, standard=warm)

    def classes(self, score: int | None) -> tuple[str, str]:
        """The temperature and the quality of a score; "" without one."""
        return (
            _class(score, hot=self.hot, warm=self.warm, cold=0),
            _class(score, high=self.high, standard=self.standard, low=0),
        )


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
    value: Decimal | None = None
    currency: str = ""
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
    ``thresholds`` are the host's unless given.
    Raises InvalidLead naming every wrong field at once, with what was expected and what came (IN7).
    """
    return _Cleaning(data).lead(require, thresholds or Thresholds.configured())


IDENTIFYING = ("company", "contact.name", "contact.email", "contact.phone", "external_id")
"""A lead says at least one of these about itself: with none of them nobody could call it back."""


def require_identity(given: LeadInput) -> None:
    """Raises InvalidLead, at each field that would do, if nothing says who the lead is."""
    if not any(getattr(given, name.replace(".", "_")) for name in IDENTIFYING):
        message = _("Give at least one of: %(fields)s.") % {"fields": ", ".join(IDENTIFYING)}
        raise InvalidLead({name: [message] for name in IDENTIFYING})


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
        text = {
            name: self._cleaned(name, one_line, length) or ""
            for name, length in TEXT_FIELDS.items()
        }
        country = self._cleaned("country", fields.country) or ""
        subdivision = self._cleaned("subdivision", fields.subdivision, country) or ""
        country = country or subdivision.partition("-")[0]
        email, email_domain = self._cleaned("contact.email", fields.email) or ("", "")
        region = country or conf.settings.PHONE_REGION
        phone, extension = self._cleaned("contact.phone", fields.phone, region) or ("", "")
        employees = self._cleaned("employees", fields.whole_number, MOST_EMPLOYEES)
        score = self._cleaned("score", fields.whole_number, HIGHEST_SCORE)
        value = self._cleaned("value", fields.amount)
        currency = self._cleaned("currency", fields.currency) or ""
        temperature, quality = thresholds.classes(score)
        domains = (self._cleaned("company_domain", fields.domain) or "", email_domain)
        attributes = self._cleaned_attributes()
        if extension:
            attributes.setdefault("phone_extension", extension)
        lead = LeadInput(
            source=text["source"],
            source_system=text["source_system"],
            external_id=text["external_id"],
            lead_type=text["lead_type"],
            company=text["company"],
            contact_name=text["contact.name"],
            contact_title=text["contact.title"],
            contact_email=email,
            contact_phone=phone,
            country=country,
            subdivision=subdivision,
            city=text["city"],
            postal_code=fields.postal_code(text["postal_code"], country),
            industry=text["industry"],
            employees=employees,
            product=text["product"],
            score=score,
            language=self._cleaned("language", fields.language) or "",
            value=value,
            currency=currency or (conf.settings.CURRENCY if value is not None else ""),
            attributes=attributes,
            received_at=self._cleaned("received_at", fields.moment),
            email_domain=email_domain,
            company_domain=next((d for d in domains if d and d not in FREE_MAIL_DOMAINS), ""),
            size_band=size_band(employees),
            temperature=temperature,
            quality=quality,
        )
        for name in require:
            if name not in self.wrong and _is_missing(lead, name):
                self._refuse(name, ValidationError(_("This field is required.")))
        if self.wrong:
            raise InvalidLead(self.wrong)
        return lead

    def _cleaned(
        self,
        name: str,
        cleaner: Callable[Concatenate[object, P], T],
        *arguments: P.args,
        **options: P.kwargs,
    ) -> T | None:
        """The cleaned value; None if it is blank, or wrong (which is then noted)."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and value.strip(BLANK) == ""):
            return None
        try:
            return cleaner(value, *arguments, **options)
        except ValidationError as error:
            self._refuse(name, error)
            return None

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
                cleaned[name] = fields.attribute(name, value)
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


def _is_missing(lead: LeadInput, name: str) -> bool:
    if name.startswith("attributes."):
        value = lead.attributes.get(name.removeprefix("attributes."))
    else:
        value = getattr(lead, name.replace(".", "_"))
    return value is None or value in ("", {})


def _class(score: int | None, **least: int) -> str:
    """The first class, in falling order, whose least score is reached; "" without a score."""
    if score is None:
        return ""
    return next((name for name, threshold in least.items() if score >= threshold), "")
