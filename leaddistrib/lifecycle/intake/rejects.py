"""Rejected rows as a file to download, mend and send again (IN7)."""

import csv
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from leaddistrib.lifecycle.intake.table import Cell, Row

# The first two columns of a reject file, by which it is known when it comes back.
REJECT_COLUMNS = ("line", "reason")

# Spreadsheets run what starts so. Texts that already wear apostrophes before it get one more, so
# that taking one off always gives the text as it was.
FORMULA_START = re.compile(r"'*[=+\-@\t\r]")
NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")


def neutralised(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return "'" + text if FORMULA_START.match(text) else text


def restored(text: str) -> str:
    """The text that ``neutralised`` was given."""
    return text[1:] if NEUTRALISED.match(text) else text


class RejectWriter:
    """Writes rejected rows as CSV: ``line``, ``reason``, then the cells as they came.

    ``stream`` is a text stream opened with ``newline=""``; in "utf-8-sig" spreadsheets know the
    encoding. A row with too few or too many cells keeps as many: sent again unmended, it is
    rejected again. ``read_rows`` reads the file back with the same column map.
    """

    def __init__(self, stream: TextIO, headers: Sequence[str], delimiter: str = ",") -> None:
        self.count = 0
        self._headers = list(headers)
        self._writer = csv.writer(stream, delimiter=delimiter or ",")
        self._writer.writerow([*REJECT_COLUMNS, *map(neutralised, self._headers)])

    def add(self, row: Row, reason: str = "") -> None:
        """Write one row, with its own reason unless another is given."""
        cells = [row.values[header] for header in self._headers if header in row.values]
        texts = [as_text(cell) for cell in (*cells, *row.surplus)]
        self._writer.writerow(
            [row.line, neutralised(reason or row.reason), *map(neutralised, texts)]
        )
        self.count += 1


def as_text(cell: Cell) -> str:
    """The cell as it is written into a file."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell)) if whole else str(cell)
