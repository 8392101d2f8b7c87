"""How a file writes numbers and dates: read without guessing between meanings (IN5, IN7)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache
from math import isfinite
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal
from django.utils import timezone
from openpyxl.utils.datetime import from_excel

# A space between thousands means the same in every language; a comma or a point does not.
SPACED_THOUSANDS = re.compile(r"([-+]?\d{1,3})((?:[ \u00a0\u202f]\d{3})+)([.,]\d*)?")
NUMBER = re.compile(r"[-+]?\d[\d.,]*", re.ASCII)
EXCEL_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
DATE_SEPARATOR = re.compile(r"(?<=\d)[./-](?=\d)")

YEARS = range(1970, 2100)
# Larger amounts are refused by their field; Decimal counts no more than 28 digits.
MOST = Decimal(10) ** 20
DAY_FIRST = "%d/%m/%Y"
MONTH_FIRST = "%m/%d/%Y"
# Ways to write a time of day, by the number of colons in it.
CLOCKS = {0: ("",), 1: (" %H:%M", " %I:%M %p"), 2: (" %H:%M:%S", " %I:%M:%S %p")}


class Unreadable(str):
    """A text that its file's conventions cannot read, and that no others may read otherwise."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Conventions:
    """``locale`` ("fr", "en_GB") decides the decimal sign and, unless ``dayfirst`` says, 03/04.

    Without them a value is read only if it has one possible meaning: "12,0" and "1,234" employees
    and 25/03/2026 are clear, 03/04/2026 is not. ``timezone`` (an IANA name, by default the current
    one) is where dates and times without an offset belong.
    """

    locale: str = ""
    dayfirst: bool | None = None
    timezone: str = ""

    def whole(self, value: object) -> int:
        """A whole number from a number or a text. ValueError if it is none, or has a fraction."""
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return int(self._number(value, _is_whole))

    def amount(self, value: object) -> Decimal:
        """Money in two decimals, from a number or a text. ValueError if it is no amount."""
        try:
            if isinstance(value, float) and isfinite(value):
                value = round(Decimal(value), 2)  # a cell holds 12.1 as 12.0999999999999996
            return self._number(value, _is_cents).quantize(Decimal("0.01"))
        except InvalidOperation as error:  # more digits than decimals are worked out with
            raise ValueError(value) from error

    def _number(self, value: object, fits: Callable[[Decimal], bool]) -> Decimal:
        """The one number that ``value`` can mean and that ``fits``."""
        if isinstance(value, (bool, Unreadable)):
            raise ValueError(value)
        if isinstance(value, str):
            readings = {reading for reading in self._readings(value) if fits(reading)}
            if len(readings) != 1:
                raise ValueError(value)
            return readings.pop()
        if not isinstance(value, (int, float, Decimal)):
            raise ValueError(value)
        number = Decimal(value)
        if not number.is_finite() or not fits(number):
            raise ValueError(value)
        return number

    def moment(self, value: object) -> datetime:
        """Aware UTC moment of a datetime, a date, an Excel serial number or a text.

        Texts: ISO 8601, day/month/year or month/day/year with optional time, an Excel serial. A
        date alone is midnight in ``timezone``. ValueError if it is none, has two meanings, or is
        out of ``YEARS``.
        """
        moment = self._read_moment(value)
        if moment.year not in YEARS:
            raise ValueError(value)
        if timezone.is_naive(moment):
            moment = moment.replace(tzinfo=self._timezone())
        return moment.astimezone(UTC)

    def _readings(self, text: str) -> set[Decimal]:
        text = text.strip()
        spaced = SPACED_THOUSANDS.fullmatch(text)
        if spaced:
            text = spaced[1] + re.sub(r"\D", "", spaced[2]) + (spaced[3] or "")
        if not NUMBER.fullmatch(text):
            return set()
        readings = set()
        for locale in [self.locale] if self.locale else ["en", "fr"]:
            try:
                readings.add(parse_decimal(text.removeprefix("+"), locale=locale, strict=True))
            except NumberFormatError:
                continue
        return readings

    def _read_moment(self, value: object) -> datetime:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time())
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._from_serial(value)
        if not isinstance(value, str) or isinstance(value, Unreadable):
            raise ValueError(value)
        text = " ".join(value.split())
        if EXCEL_SERIAL.fullmatch(text):
            return self._from_serial(float(text.replace(",", ".")))
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return self._from_slashes(text)

    def _from_serial(self, serial: float) -> datetime:
        try:
            moment = from_excel(serial)
        except OverflowError as error:
            raise ValueError(serial) from error
        if not isinstance(moment, datetime):
            raise ValueError(serial)
        return moment

    def _from_slashes(self, text: str) -> datetime:
        text = DATE_SEPARATOR.sub("/", text)
        readings = set()
        for layout in self._layouts():
            for clock in CLOCKS.get(text.count(":"), ()):
                try:
                    readings.add(datetime.strptime(text, layout + clock))  # noqa: DTZ007
                except ValueError:
                    continue
        if len(readings) != 1:
            raise ValueError(text)
        return readings.pop()

    def _layouts(self) -> tuple[str, ...]:
        dayfirst = self.dayfirst
        if dayfirst is None and self.locale:
            dayfirst = _day_comes_first(self.locale)
        if dayfirst is None:
            return (DAY_FIRST, MONTH_FIRST)
        return (DAY_FIRST,) if dayfirst else (MONTH_FIRST,)

    def _timezone(self) -> tzinfo:
        return ZoneInfo(self.timezone) if self.timezone else timezone.get_current_timezone()


@cache
def _day_comes_first(locale: str) -> bool:
    pattern: str = Locale.parse(locale).date_formats["short"].pattern
    return pattern.index("d") < pattern.index("M")


def _is_cents(number: Decimal) -> bool:
    return number < MOST and _is_whole(number * 100)


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()
