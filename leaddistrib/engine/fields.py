"""What a rule may ask about a lead, and how a lead's value is read for a comparison."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from leaddistrib.engine.errors import ConditionError, shown

Kind = Literal["text", "number", "any"]
KINDS: tuple[Kind, ...] = ("text", "number", "any")
Number = int | float | Decimal

ATTRIBUTE = "attributes."
MAX_ATTRIBUTE_NAME = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a lead. Of kind "any" is an attribute of which the host said nothing: the rule's
    value decides how it is read."""

    name: str
    kind: Kind


_TEXTS = (
    "source",
    "source_system",
    "external_id",
    "lead_type",
    "company",
    "country",
    "subdivision",
    "city",
    "postal_code",
    "industry",
    "product",
    "language",
    "currency",
    "contact.name",
    "contact.title",
    "contact.email",
    "contact.phone",
    # Derived from the others before the rules are asked
    "email_domain",
    "company_domain",
    "size_band",  # smb, mid_market, enterprise
    "temperature",  # hot, warm, cold
    "quality",  # high, standard, low
    # Found by matching
    "region",
    "metro",
    "territory",
    "account",
    "account_owner",  # user name; blank if nobody looks after the account
)
_NUMBERS = ("employees", "score", "value")

FIELDS: Mapping[str, Field] = MappingProxyType(
    {name: Field(name, "text") for name in _TEXTS}
    | {name: Field(name, "number") for name in _NUMBERS}
)


def field_named(name: object, path: str = "", fields: Mapping[str, Field] = FIELDS) -> Field:
    """The field called `name`, one of `fields` or an attribute; ConditionError `unknown_field` at
    `path` if there is none (RU1)."""
    if isinstance(name, str):
        if name in fields:
            return fields[name]
        attribute = name.removeprefix(ATTRIBUTE)
        if attribute != name and attribute.strip() and len(attribute) <= MAX_ATTRIBUTE_NAME:
            return Field(name, "any")
    raise ConditionError("unknown_field", path, name=shown(name), known=", ".join(fields))


# Deliberately narrow: what int() and float() also take ("1_000", "nan", "１２") is no number here
_NUMERAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?")


def is_blank(value: object) -> bool:
    """True for a missing value, an empty text and white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def as_text(value: object) -> str:
    """`value` as it is compared: stripped and casefolded; "" if blank or not comparable."""
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).casefold() if isinstance(value, int | float | Decimal) else ""


def as_number(value: object) -> Number | None:
    """`value` as a finite number, read from a plain numeral too; None if it is none."""
    if isinstance(value, str):
        numeral = _NUMERAL.fullmatch(value.strip())
        if numeral is None:
            return None
        return float(numeral[0]) if "." in numeral[0] else int(numeral[0])
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None
