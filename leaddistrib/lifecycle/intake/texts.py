"""Text from outside: made one tidy line, and shown shortened in messages."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

SHOWN_LENGTH = 60

# Control characters and lone surrogates: databases and UTF-8 refuse some of them.
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(value: object) -> str:
    """The value as a message may quote it: printable and at most ``SHOWN_LENGTH`` characters."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > SHOWN_LENGTH:
        text = text[: SHOWN_LENGTH - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def refuse_control_characters(text: str) -> None:
    """Raise ValidationError if the text holds a character that no field may hold (IN7)."""
    if CONTROL_CHARACTER.search(text):
        raise ValidationError(
            _("Expected text without control characters, got “%(value)s”."),
            params={"value": shown(text)},
        )


def one_line(value: object, max_length: int) -> str:
    """One tidy line: composed Unicode, outer blanks gone, inner runs of blanks made one space.

    Numbers become their digits (a spreadsheet stores postal codes and ids as numbers). Raises
    ValidationError for other types, control characters, and text longer than ``max_length``.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        value = _as_text(value)
    refuse_control_characters(value)
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > max_length:
        raise ValidationError(
            _("Expected at most %(max)d characters, got %(length)d: “%(value)s”."),
            params={"max": max_length, "length": len(text), "value": shown(text)},
        )
    return text


def _as_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        # 75001.0 is how a spreadsheet hands over the postal code 75001.
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole else str(value)
    raise ValidationError(_("Expected text, got “%(value)s”."), params={"value": shown(value)})
