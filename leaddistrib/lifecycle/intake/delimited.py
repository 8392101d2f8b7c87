"""CSV as it comes: any usual encoding and separator, and one broken row never breaks the next."""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Generator
from typing import IO

from django.utils.translation import gettext as _

from leaddistrib.lifecycle.intake.table import UNDECODED, Limits, Record, Source

DELIMITERS = (",", ";", "\t", "|")
# Spreadsheets write and obey a first line such as sep=;
DELIMITER_LINE = re.compile(r'"?sep=(.)"?[\r\n]*')

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Bytes that Windows-1252 leaves undefined, Latin-1 does not.
NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
NOT_ASCII = re.compile("[^\x00-\x7f]")

CHUNK = 1 << 20
SAMPLE = 1 << 16
SAMPLE_RECORDS = 20


def open_delimited(file: IO[bytes], limits: Limits) -> Source:
    """Find out the encoding and the separator of a seekable binary file, and read its records."""
    # The csv module's own limit is one number for the whole process: only ever raise it.
    csv.field_size_limit(max(csv.field_size_limit(), limits.row + 1))
    encoding = detect_encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, _error_handler(encoding), newline="")
    try:
        sample = text.read(SAMPLE)
    finally:
        text.detach()
    named = DELIMITER_LINE.match(sample)
    delimiter = named[1] if named else detect_delimiter(sample)
    return Source(_records(file, encoding, delimiter, limits, bool(named)), encoding, delimiter)


def detect_encoding(file: IO[bytes]) -> str:
    """UTF-16 or UTF-8 by its mark, UTF-8 if it reads as such, else Windows-1252 or Latin-1.

    A file in UTF-8 with a few broken bytes stays UTF-8, so that only the rows they are in suffer:
    in a file in another encoding, letters with accents hardly ever form UTF-8 by chance.
    """
    file.seek(0)
    start = file.read(4)
    if start.startswith(UTF_16_MARKS):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = sound = 0
    windows = True
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        if not text.isascii():
            escaped = len(UNDECODED.findall(text))
            broken += escaped
            sound += len(NOT_ASCII.findall(text)) - escaped
            windows = windows and not NOT_WINDOWS.search(chunk)
    broken += len(decoder.decode(b"", final=True))
    if not broken or sound > broken:
        return "utf-8"
    return "cp1252" if windows else "latin-1"


def detect_delimiter(sample: str) -> str:
    """The separator under which the header has several cells and most rows as many as it."""
    truncated = len(sample) == SAMPLE

    def merit(delimiter: str) -> tuple[bool, int, int]:
        records = []
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cells):
                records.append(len(cells))
            if len(records) > SAMPLE_RECORDS:
                break
        else:
            if truncated and len(records) > 1:
                records.pop()
        header = records[0] if records else 0
        return header > 1, records.count(header), header

    return max(DELIMITERS, key=merit)


def _error_handler(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "replace"


def _records(
    file: IO[bytes], encoding: str, delimiter: str, limits: Limits, skip_first: bool
) -> Generator[Record]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, _error_handler(encoding), newline="")
    try:
        lines = _Lines(text, limits.row)
        # Strict, so that a stray quote is an error of its own row and not a row of twenty lines.
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        if skip_first:
            next(lines)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number, line = lines.give_back_all_but_first()
                plain = csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
                yield Record(number, next(plain), _reason(error))
            else:
                yield Record(lines.number - len(lines.taken) + 1, cells)
    finally:
        # The file is the caller's: it must outlive this wrapper.
        if not file.closed:
            text.detach()


class _TooLong(csv.Error):
    """A row longer than the limit, by itself or by a quote that does not close."""


class _Lines:
    """The physical lines of a file, which can be handed out again, and never more than a row's."""

    def __init__(self, text: io.TextIOWrapper, longest: int) -> None:
        self.number = 0
        self.taken: list[str] = []
        self._text = text
        self._longest = longest
        self._length = 0
        self._again: deque[str] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self._length += len(line)
        if self._length > self._longest:
            raise _TooLong
        return line

    def begin(self) -> None:
        """A new record starts with the next line."""
        self.taken = []
        self._length = 0

    def give_back_all_but_first(self) -> tuple[int, str]:
        """Number and text of the record's first line; the others will be handed out again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.number -= len(others)
        return self.number, first

    def _read(self) -> str:
        line = rest = self._text.readline(self._longest + 1)
        while len(line) > self._longest and rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(CHUNK)
        return line


def _reason(error: csv.Error) -> str:
    if isinstance(error, _TooLong):
        return _("The row is too long, or a quotation mark in it is never closed.")
    return _(
        "A quotation mark opens in this row and does not close before the end of a cell. "
        "A quotation mark inside a cell is written twice."
    )
