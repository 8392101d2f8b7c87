"""The first sheet of an Excel workbook, within bounds whatever the file says about itself."""

import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from datetime import date, datetime, time
from itertools import islice, repeat
from typing import IO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.table import Cell, Limits, Record, Source

# What a broken workbook makes openpyxl, zipfile and the XML parser raise.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    InvalidFileException,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

SHEETS = "xl/worksheets/"
# Rows that an Excel sheet can have. A file may claim a row two thousand million lines below.
LAST_LINE = 1_048_576
# Sheets are streamed; the shared texts and styles beside them are held in memory whole.
HELD_SHARE = 4
FORMULA = re.compile(rb"<f[\s>/]")
CHUNK = 1 << 20

ERRORS = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"}
)


def open_workbook(file: IO[bytes], limits: Limits) -> Source:
    """Read the first sheet: numbers, texts, booleans and dates; of formulas, their last result.

    Raises UnreadableFile if the file is broken, protected, or unpacks to more than allowed.
    """
    try:
        has_formulas = _inspect(file, limits)
        values = _open(file, data_only=True)
        formulas = _open(file, data_only=False) if has_formulas else None
        return Source(_records(values, formulas, limits))
    except BROKEN as error:
        raise _broken() from error


def _inspect(file: IO[bytes], limits: Limits) -> bool:
    """Refuse what is no workbook or too big unpacked; say whether there are formulas in it."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if not any(part.filename.startswith("xl/") for part in parts):
            raise UnreadableFile(_("This is no Excel workbook. Save it as .xlsx or CSV."))
        # A part never gives more bytes than it declares: zipfile stops there.
        unpacked = sum(part.file_size for part in parts)
        held = sum(part.file_size for part in parts if _is_held(part.filename))
        if unpacked > limits.unpacked or held > limits.unpacked // HELD_SHARE:
            raise UnreadableFile(
                _("The workbook unpacks to %(size)d MB, more than is read. Split it.")
                % {"size": unpacked // 1024**2}
            )
        return any(_holds_formula(archive, part) for part in parts)


def _is_held(name: str) -> bool:
    return name.endswith(".xml") and not name.startswith(SHEETS)


def _holds_formula(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    if not part.filename.startswith(SHEETS) or part.is_dir():
        return False
    with archive.open(part) as sheet:
        tail = b""
        while chunk := sheet.read(CHUNK):
            if FORMULA.search(tail + chunk):
                return True
            tail = chunk[-2:]
    return False


def _open(file: IO[bytes], *, data_only: bool) -> Workbook:
    file.seek(0)
    return load_workbook(file, read_only=True, data_only=data_only, keep_links=False)


def _records(values: Workbook, formulas: Workbook | None, limits: Limits) -> Generator[Record]:
    try:
        width = 0
        rows = _rows(values, limits.columns + 1)
        for cells in rows:
            if any(cell is not None for cell in cells):
                width = max(n for n, cell in enumerate(cells, 1) if cell is not None)
                break
        # One column more than the header, to notice a value without a header.
        computed = _rows(formulas, width + 1) if formulas else repeat(())
        pairs = zip(_rows(values, width + 1), computed, strict=False)
        for line, (cells, sources) in enumerate(pairs, start=1):
            yield _record(line, cells, sources, width)
    except BROKEN as error:
        raise _broken() from error
    finally:
        for workbook in filter(None, (values, formulas)):
            workbook.close()


def _rows(workbook: Workbook, width: int) -> Iterator[tuple]:
    if not workbook.worksheets:
        return iter(())
    sheet = workbook.worksheets[0]
    # What the file says of its own size is often wrong.
    sheet.reset_dimensions()
    return islice(sheet.iter_rows(max_col=width, values_only=True), LAST_LINE)


def _record(line: int, cells: tuple, sources: tuple, width: int) -> Record:
    reason = ""
    for number, cell in enumerate(cells):
        place = get_column_letter(number + 1)
        source = sources[number] if number < len(sources) else None
        if cell is None and source is not None:
            reason = _("The formula in column %(column)s has no stored result.") % {"column": place}
        elif isinstance(cell, str) and cell in ERRORS:
            reason = _("Column %(column)s holds the error %(error)s.") % {
                "column": place,
                "error": cell,
            }
    kept = list(cells) if len(cells) > width and cells[width] is not None else list(cells[:width])
    return Record(line, [_cell(cell) for cell in kept], reason)


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, (str, bool, int, float, datetime)):
        return value
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _broken() -> UnreadableFile:
    return UnreadableFile(
        _("The workbook is damaged. Open it in a spreadsheet program and save it again as .xlsx.")
    )
