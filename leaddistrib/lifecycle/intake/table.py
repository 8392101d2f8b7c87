"""What every kind of file is read as: numbered records of cells, and rows keyed by header."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib import conf
from leaddistrib.lifecycle.intake.texts import shown

Cell = str | int | float | bool | datetime

# Stand-ins that the decoder leaves for bytes that are no text in the file's encoding.
UNDECODED = re.compile("[\udc80-\udcff]")
SUBSTITUTE = "\x1a"


def _setting(name: str) -> Any:
    """A limit that is the host's to set, read when a file is."""
    return field(default_factory=lambda: getattr(conf.settings, name))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost. Sizes in bytes, ``cell`` and ``row`` in characters (IN7)."""

    size: int = _setting("IMPORT_MAX_BYTES")
    rows: int = _setting("IMPORT_MAX_ROWS")
    cell: int = _setting("IMPORT_MAX_CELL")
    row: int = 5_000_000
    columns: int = 1_000
    unpacked: int = 250 * 1024 * 1024


class Record(NamedTuple):
    """The cells of one line, or why they could not be told apart."""

    line: int
    cells: Sequence[Cell]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file. ``line`` is where it starts in the file, counted from 1.

    A row with a ``reason`` is rejected: its values are there to be shown and mended, not to be
    taken. ``surplus`` holds cells beyond the last header; headers without a cell have no value.
    """

    line: int
    values: dict[str, Cell]
    reason: str = ""
    surplus: tuple[Cell, ...] = ()


@dataclass(slots=True)
class Source:
    """A file just opened: how it was read, and its records, header and blank ones included."""

    records: Generator[Record]
    encoding: str = ""
    delimiter: str = ""


def make_row(record: Record, headers: Sequence[str], limits: Limits) -> Row:
    """The record keyed by header, with a reason when it cannot be taken as it is (IN7)."""
    reason = record.reason or _fault(record.cells, headers, limits)
    cells = [_kept(cell, limits) for cell in record.cells] if reason else record.cells
    return Row(
        line=record.line,
        values=dict(zip(headers, cells, strict=False)),
        reason=reason,
        surplus=tuple(cells[len(headers) :]),
    )


def is_blank(cells: Sequence[Cell]) -> bool:
    """Whether nothing is written in any of the cells."""
    return all(isinstance(cell, str) and not cell.strip() for cell in cells)


def text_fault(text: str, limits: Limits) -> str:
    """Why the text of a cell cannot be taken, or ""."""
    if len(text) > limits.cell:
        return _("it has %(length)d characters, at most %(max)d are read") % {
            "length": len(text),
            "max": limits.cell,
        }
    if "\0" in text:
        return _("it holds a NUL character")
    if not text.isascii() and UNDECODED.search(text):
        return _("it holds bytes that are not text in the encoding of the file")
    return ""


def _fault(cells: Sequence[Cell], headers: Sequence[str], limits: Limits) -> str:
    if len(cells) != len(headers):
        surplus = cells[len(headers) :]
        text = ngettext(
            "The row has %(count)d cell where the header has %(expected)d.",
            "The row has %(count)d cells where the header has %(expected)d.",
            len(cells),
        ) % {"count": len(cells), "expected": len(headers)}
        if surplus:
            text += " " + _("The first one too many is “%(value)s”.") % {"value": shown(surplus[0])}
        return text
    for header, cell in zip(headers, cells, strict=True):
        fault = text_fault(cell, limits) if isinstance(cell, str) else ""
        if fault:
            return _("Column “%(column)s”: %(fault)s.") % {"column": shown(header), "fault": fault}
    return ""


def _kept(cell: Cell, limits: Limits) -> Cell:
    """What a rejected row keeps of a cell: printable anywhere, and bounded.

    A cell that was too long stays too long by one character: sent again as it is, it is rejected
    again, and never taken as if its beginning were the whole. PostgreSQL cannot store NUL; the
    control character for "substitute" in its place is refused again, too.
    """
    if not isinstance(cell, str):
        return cell
    cell = cell.replace("\0", SUBSTITUTE)
    if len(cell) > limits.cell:
        cell = cell[: limits.cell] + "…"
    return cell.encode("utf-8", "replace").decode("utf-8") if not cell.isascii() else cell
