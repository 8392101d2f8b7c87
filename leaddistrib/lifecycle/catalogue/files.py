"""A list from a file: everything is read and compared first, and written only if every row is good.

So a wrong row keeps the whole file out. What is written before a break stays, and sending the file
again changes nothing twice.
"""

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.files import Table, read_rows
from leaddistrib.lifecycle.intake.importing import REJECTED, SampleRow
from leaddistrib.lifecycle.intake.receiving import Outcome
from leaddistrib.lifecycle.intake.rejects import as_text, restored
from leaddistrib.lifecycle.intake.table import Limits, Row
from leaddistrib.lifecycle.intake.texts import one_line, shown

MOST_ROWS = 20_000
"""Rows of a list: so many are compared and written within a request."""

SHOWN = 100
"""Rows that the report shows, and wrong ones that it names."""

REASON = 100
"""Characters of the file's name that each record of a change keeps as its reason."""

BATCH = 500
"""Rows that are compared, and written, at a time."""

Cleaner = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A good row: the values of those columns that the file has. ``line`` is where it stands."""

    line: int
    values: Mapping[str, Any]


class Catalogue(ABC):
    """One kind of list, and what it is compared with; made anew for each file."""

    columns: Mapping[str, Cleaner]
    """What cleans the text of each column ("" for an empty cell), or raises ValidationError."""

    needed: tuple[str, ...] = ("name",)
    """Those of them that every file has."""

    @abstractmethod
    def compare(self, entries: Sequence[Entry]) -> list[Outcome | str]:
        """What would become of each entry; a text says why it cannot be taken."""

    @abstractmethod
    def write(self, entries: Sequence[Entry], *, reason: str, actor: AbstractUser | None) -> None:
        """Write entries that ``compare`` has nothing against, in transactions of bounded size."""

    def counted_as(self, entry: Entry) -> object:
        """Entries of which this is the same are one thing to create or to change."""
        return entry.line


@dataclass(frozen=True, slots=True)
class ListReport:
    """What became of a file, or would: how many things are created, updated and unchanged, and how
    many rows are ``rejected``; then nothing was written. ``ignored`` are columns not known."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    headers: tuple[str, ...]
    ignored: tuple[str, ...]
    sample: tuple[SampleRow, ...]
    first_rejects: tuple[SampleRow, ...]


def import_list(
    catalogue: Catalogue,
    path_or_file: str | os.PathLike[str] | BinaryIO,
    *,
    name: str,
    actor: AbstractUser | None = None,
    dry_run: bool = False,
) -> ListReport:
    """Bring in a CSV file or an Excel workbook of at most ``MOST_ROWS`` rows. Columns that it does
    not have stay as they are; an empty cell empties its field.

    Raises:
        UnreadableFile: the file is of no use, or larger than the host's limits (IN7).
        Busy: the database stayed locked. What was written before is kept; import it again.
    """
    limits = Limits()
    limits = Limits(rows=min(limits.rows, MOST_ROWS))
    with read_rows(path_or_file, name, limits=limits) as table:
        columns = _columns(table, catalogue)
        rows = list(table)
    read = [_read(row, columns, catalogue.columns) for row in rows]
    good = [one for one in read if isinstance(one, Entry)]
    compared = iter(catalogue.compare(good))
    verdicts = [next(compared) if isinstance(one, Entry) else one for one in read]
    report = _report(table, columns, rows, read, verdicts, catalogue)
    if not dry_run and not report.rejected:
        catalogue.write(good, reason=name[:REASON], actor=actor)
    return report


def batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """The entries, ``BATCH`` of them at a time."""
    return (entries[start : start + BATCH] for start in range(0, len(entries), BATCH))


def text_of(length: int) -> Cleaner:
    """Cleans a text of at most ``length`` characters."""
    return lambda text: one_line(text, length)


def name_of(length: int) -> Cleaner:
    """The same for a name, which must be there."""

    def clean(text: str) -> str:
        name = one_line(text, length)
        if not name:
            raise ValidationError(_("A name is needed."))
        return name

    return clean


def _columns(table: Table, catalogue: Catalogue) -> dict[str, str]:
    """The header of each known column that the file has."""
    known = catalogue.columns
    columns: dict[str, str] = {}
    for header in table.headers:
        column = "_".join(header.casefold().split())
        if column in columns:
            text = _("Several columns have the same name: %(headers)s")
            quoted = f"“{shown(columns[column])}”, “{shown(header)}”"
            raise UnreadableFile(text % {"headers": quoted})
        if column in known:
            columns[column] = header
    for column in catalogue.needed:
        if column not in columns:
            text = _("There is no column “%(column)s”. The columns that are read are %(columns)s.")
            raise UnreadableFile(text % {"column": column, "columns": ", ".join(known)})
    return columns


def _read(row: Row, columns: Mapping[str, str], cleaners: Mapping[str, Cleaner]) -> Entry | str:
    """The row's values, or what is wrong with them, each with its column."""
    if row.reason:
        return row.reason
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for column, header in columns.items():
        try:
            text = restored(as_text(row.values.get(header, ""))).strip()
            values[column] = cleaners[column](text)
        except ValidationError as error:
            wrong.append(fault(header, " ".join(error.messages)))
    return " ".join(wrong) or Entry(row.line, values)


def fault(column: str, reason: str) -> str:
    """What is wrong with a cell, in words."""
    return _("%(columns)s: %(reason)s") % {"columns": f"“{shown(column)}”", "reason": reason}


def _report(
    table: Table,
    columns: Mapping[str, str],
    rows: Sequence[Row],
    read: Sequence[Entry | str],
    verdicts: Sequence[Outcome | str],
    catalogue: Catalogue,
) -> ListReport:
    told = [
        SampleRow(
            row.line,
            tuple(row.values.get(header, "") for header in table.headers),
            verdict.value if isinstance(verdict, Outcome) else REJECTED,
            "" if isinstance(verdict, Outcome) else verdict,
        )
        for row, verdict in zip(rows, verdicts, strict=True)
    ]
    things = {
        catalogue.counted_as(one): verdict
        for one, verdict in zip(read, verdicts, strict=True)
        if isinstance(one, Entry) and isinstance(verdict, Outcome)
    }
    counts = Counter(things.values())
    wrong = [one for one in told if one.outcome == REJECTED]
    return ListReport(
        created=counts[Outcome.CREATED],
        updated=counts[Outcome.UPDATED],
        unchanged=counts[Outcome.UNCHANGED],
        rejected=len(wrong),
        headers=tuple(table.headers),
        ignored=tuple(name for name in table.headers if name not in columns.values()),
        sample=tuple(told[:SHOWN]),
        first_rejects=tuple(wrong[:SHOWN]),
    )
