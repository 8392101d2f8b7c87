"""A CSV file or an Excel workbook, row by row; each bad row is named, none disappears (IN7)."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.utils.translation import gettext as _

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.delimited import open_delimited
from leaddistrib.lifecycle.intake.rejects import REJECT_COLUMNS, restored
from leaddistrib.lifecycle.intake.table import (
    Limits,
    Record,
    Row,
    Source,
    is_blank,
    make_row,
    text_fault,
)
from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.lifecycle.intake.workbook import open_workbook

Readable = str | os.PathLike[str] | IO[bytes]

ZIP_START = b"PK\x03\x04"
# Old Excel files and new ones with a password are both such containers.
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_rows(source: Readable, name: str | None = "", *, limits: Limits | None = None) -> "Table":
    """Open a file of leads and iterate over its rows, streaming.

    ``source`` is a path or a seekable binary file, ``name`` the name the user knows it by. The
    content decides how it is read, not the name. Raises UnreadableFile, with what to do about it,
    when the file as a whole is of no use: at once where that can be seen at once, and while
    iterating when a limit is passed or the file turns out damaged.
    """
    return Table(source, name or "", limits or Limits())


class Table:
    """The rows of a file: iterate once, or use as a context manager to close it early.

    ``headers`` are the column names, ``encoding`` and ``delimiter`` how a CSV was read ("" for a
    workbook), ``name`` the file's name. A file of rejected rows is read as the file it came from.
    """

    def __init__(self, source: Readable, name: str, limits: Limits) -> None:
        self._limits = limits
        self._source: Source | None = None
        self._own_file = isinstance(source, (str, os.PathLike))
        if isinstance(source, (str, os.PathLike)):
            self._file: IO[bytes] = _open_path(Path(source))
            self.name = name or Path(source).name
        else:
            self._file = source
            self.name = name
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            self._open()
            on_failure.pop_all()

    def _open(self) -> None:
        size = self._file.seek(0, os.SEEK_END)
        if size > self._limits.size:
            raise UnreadableFile(
                _("The file has %(size)d MB, at most %(max)d MB are read. Split it.")
                % {"size": size // 1024**2, "max": self._limits.size // 1024**2}
            )
        self._file.seek(0)
        start = self._file.read(len(OLE_START))
        if start == OLE_START:
            raise UnreadableFile(_old_or_protected(self.name))
        opened = open_workbook if start.startswith(ZIP_START) else open_delimited
        self._source = opened(self._file, self._limits)
        self.encoding = self._source.encoding
        self.delimiter = self._source.delimiter
        self._records = self._source.records
        self.headers = self._read_headers()

    def _read_headers(self) -> list[str]:
        header = next((record for record in self._records if not is_blank(record.cells)), None)
        if header is None:
            raise UnreadableFile(_("The file is empty."))
        headers = [str(cell).strip() for cell in header.cells]
        fault = header.reason or next(
            filter(None, (text_fault(name, self._limits) for name in headers)), ""
        )
        if fault:
            raise UnreadableFile(
                _("The header in line %(line)d cannot be read: %(fault)s")
                % {"line": header.line, "fault": fault}
            )
        self._is_reject_file = tuple(headers[:2]) == REJECT_COLUMNS
        if self._is_reject_file:
            headers = [restored(name) for name in headers[2:]]
        _check_headers(headers, self._limits)
        return headers

    def __iter__(self) -> Iterator[Row]:
        count = 0
        try:
            for record in self._records:
                cells = record.cells
                if self._is_reject_file:
                    cells = [restored(c) if isinstance(c, str) else c for c in cells[2:]]
                if is_blank(cells):
                    continue
                count += 1
                if count > self._limits.rows:
                    raise UnreadableFile(
                        _("There are more than %(max)d rows: none from line %(line)d on was read.")
                        % {"max": self._limits.rows, "line": record.line}
                    )
                yield make_row(
                    Record(record.line, cells, record.reason), self.headers, self._limits
                )
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading, and close the file if it was opened here."""
        if self._source:
            self._source.records.close()
        if self._own_file:
            self._file.close()


def _open_path(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableFile(
            _("%(path)s cannot be opened: %(error)s") % {"path": path, "error": error.strerror}
        ) from error


def _old_or_protected(name: str) -> str:
    if name.lower().endswith(".xls"):
        return _("Excel's old .xls format is not read. Save it as .xlsx or CSV.")
    return _("The workbook has a password or an old format. Save it without, as .xlsx or CSV.")


def _check_headers(headers: list[str], limits: Limits) -> None:
    if len(headers) > limits.columns:
        raise UnreadableFile(_("The file has more than %(max)d columns.") % {"max": limits.columns})
    for number, name in enumerate(headers, start=1):
        if not name:
            raise UnreadableFile(
                _("Column %(number)d has no name in the header: %(headers)s")
                % {"number": number, "headers": _listed(headers)}
            )
    seen = Counter(name.casefold() for name in headers)
    twice = [name for name in headers if seen[name.casefold()] > 1]
    if twice:
        raise UnreadableFile(
            _("Several columns have the same name: %(headers)s") % {"headers": _listed(twice)}
        )


def _listed(headers: list[str]) -> str:
    return ", ".join(f"“{shown(name)}”" for name in headers)
