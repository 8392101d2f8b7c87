"""What the pages of the four kinds of policy say of a replay in the same way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.queries.whatif.events import MOST, Stretch

TOP = 10
"""Reps that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` after the first one hold numbers, or short names."""

    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    others: int = 0

    @property
    def and_others(self) -> str:
        """How many rows are not shown."""
        if not self.others:
            return ""
        text = ngettext("… and %(count)d other.", "… and %(count)d others.", self.others)
        return text % {"count": self.others}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a page says of what was tried, in the active language."""

    sentences: Sequence[str]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default_factory=list)


def first_of(columns: Sequence[Any], rows: Sequence[Sequence[Any]], most: int = TOP) -> Table:
    """A table of the first rows, and how many others there are."""
    return Table(columns, rows[:most], max(0, len(rows) - most))


def looked_at(stretch: Stretch) -> list[str]:
    """Since when, and whether there was too much to look at all of it."""
    since = date_format(timezone.localtime(stretch.since), "DATETIME_FORMAT")
    found = [_("What happened since %(since)s is looked at.") % {"since": since}]
    if stretch.cut:
        text = _("Last month there was more: only the newest %(count)s are looked at.")
        found.append(text % {"count": number_format(MOST, force_grouping=True)})
    return found


def refused(count: int, won: int) -> str:
    """How many claims of those that won would have been refused."""
    if not count:
        return _("… none of the claims that won would have been refused.")
    text = ngettext(
        "… %(count)d claim that won would have been refused, of %(won)d.",
        "… %(count)d claims that won would have been refused, of %(won)d.",
        count,
    )
    return text % {"count": count, "won": won}


def compared() -> tuple[str, str]:
    """The last two columns of most tables."""
    return _("As it is now"), _("With these numbers")
