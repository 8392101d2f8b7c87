"""Quotas from a file: a row for each rep and month (AL1)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.catalogue.files import Catalogue, Entry
from leaddistrib.lifecycle.catalogue.people import Reps
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.receiving import Outcome
from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.lifecycle.quotas import set_quotas
from leaddistrib.models import Quota

FORMATS = ("%Y-%m", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
"""How a month is written; the last one is how a workbook's day is read."""


class Quotas(Catalogue):
    """Compared in one query, written in a few for each month and currency of the file."""

    needed = ("rep", "month", "amount", "currency")

    def __init__(self) -> None:
        self.columns = {
            "rep": Reps().find,
            "month": _month,
            "amount": _amount,
            "currency": fields.currency,
        }

    def compare(self, entries: Sequence[Entry]) -> list[Outcome | str]:
        months = {entry.values["month"] for entry in entries}
        known = {
            (quota.rep_id, quota.month): quota for quota in Quota.objects.filter(month__in=months)
        }
        lines: dict[tuple[int, date], int] = {}
        return [_verdict(entry, known, lines) for entry in entries]

    def write(self, entries: Sequence[Entry], *, reason: str, actor: AbstractUser | None) -> None:
        together: dict[tuple[date, str], dict[int, Decimal | None]] = defaultdict(dict)
        for entry in entries:
            said = entry.values
            together[said["month"], said["currency"]][said["rep"]] = said["amount"]
        for (month, currency), amounts in together.items():
            set_quotas(month, amounts, currency, by=actor, reason=reason)


def _verdict(
    entry: Entry, known: dict[tuple[int, date], Quota], lines: dict[tuple[int, date], int]
) -> Outcome | str:
    key = (entry.values["rep"], entry.values["month"])
    before = lines.setdefault(key, entry.line)
    if before != entry.line:
        return _("This rep's quota of the month stands in line %(line)d already.") % {
            "line": before
        }
    quota = known.get(key)
    if quota is None:
        return Outcome.CREATED
    said = (entry.values["amount"], entry.values["currency"])
    return Outcome.UNCHANGED if (quota.amount, quota.currency) == said else Outcome.UPDATED


def _month(text: str) -> date:
    """The first day of a month, by any of its days."""
    for one in FORMATS:
        try:
            return datetime.strptime(text, one).date().replace(day=1)  # noqa: DTZ007 - a day
        except ValueError:
            continue
    raise ValidationError(
        _("Expected a month such as 2026-11, got “%(value)s”."), params={"value": shown(text)}
    )


def _amount(text: str) -> Decimal:
    number = fields.amount(text)
    if not number:
        raise ValidationError(_("A quota is more than 0. Leave the row out for none."))
    return number
