"""The column map: which column of a file is which field of a lead, and how it is written there."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from django.utils.translation import gettext as _

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.cleaning import (
    AMOUNT_FIELDS,
    DATE_FIELDS,
    FIELDS,
    NESTED,
    NUMBER_FIELDS,
)
from leaddistrib.lifecycle.intake.conventions import Conventions, Unreadable
from leaddistrib.lifecycle.intake.table import Cell, Row

ATTRIBUTE = "attributes."
# What a lead went through elsewhere, beside what it is: for imports of history only.
HISTORY_DATES = ("assigned_at", "closed_at")
HISTORY_AMOUNTS = ("deal_value",)
HISTORY = ("owner", "stage", "deal_currency", *HISTORY_DATES, *HISTORY_AMOUNTS)
# Beside the fields' own names, what a column without a map is also known by.
ALSO_KNOWN = {"email": "contact.email", "phone": "contact.phone"}

SETTINGS = {
    "source": str,
    "source_system": str,
    "locale": str,
    "dayfirst": bool,
    "timezone": str,
    "columns": dict,
    "constants": dict,
    "values": dict,
}


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """``columns`` and ``constants`` by outside field name; ``values`` translate what cells say."""

    columns: Mapping[str, str]
    constants: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    conventions: Conventions = field(default_factory=Conventions)

    @classmethod
    def default_for(
        cls, headers: Sequence[str], locale: str = "", *, history: bool = False
    ) -> "ColumnMap":
        """The map of a file without one: headers named like fields (with ``history``, those of a
        lead's history too), the others as attributes.

        Case, spaces, points, dashes and underscores do not matter. Raises UnreadableFile if two
        columns claim one field.
        """
        known = (*FIELDS, *(HISTORY if history else ()))
        fields = {_plain(name): name for name in known if name != "attributes"}
        columns: dict[str, str] = {}
        for header in headers:
            plain = _plain(header)
            attribute = ATTRIBUTE + header.removeprefix(ATTRIBUTE)
            name = fields.get(plain) or ALSO_KNOWN.get(plain) or attribute
            if name in columns:
                raise UnreadableFile(
                    _("The columns “%(one)s” and “%(other)s” are both taken for %(field)s.")
                    % {"one": columns[name], "other": header, "field": name}
                )
            columns[name] = header
        return cls(columns, conventions=Conventions(locale=locale))

    def check(self, headers: Iterable[str]) -> None:
        """Raise UnreadableFile if the file lacks a column that the map names (IN7)."""
        headers = list(headers)
        missing = [column for column in self.columns.values() if column not in headers]
        if missing:
            raise UnreadableFile(
                _("The file has no column %(missing)s. Its columns are: %(headers)s.")
                % {"missing": _listed(missing), "headers": _listed(headers)}
            )

    def check_history(self, wanted: bool, needed: str) -> None:
        """Raise UnreadableFile if the map speaks of leads' history and none is ``wanted``, or not
        of what is ``needed`` where it is: in an import of history the owner, because a column left
        out by mistake would leave thousands without one, in one of outcomes the stage."""
        named = [name for name in HISTORY if name in self.columns or name in self.constants]
        if named and not wanted:
            raise UnreadableFile(
                _("%(names)s: only an import of history (--history) takes what leads went through.")
                % {"names": _listed(named)}
            )
        if wanted and needed not in named:
            if needed == "owner":
                raise UnreadableFile(_("An import of history needs a column “owner”."))
            raise UnreadableFile(_("An import of outcomes needs a column “stage”."))

    def apply(self, row: Row) -> dict[str, object]:
        """The row as ``cleaning.clean`` takes it. Raises UnreadableFile if a column is missing.

        Numbers and dates are read by the map's conventions; what cannot be read so is handed on,
        marked, for ``clean`` to name it together with whatever else is wrong with the row.
        """
        data = dict(self.constants)
        for name, column in self.columns.items():
            if column not in row.values:
                self.check(row.values)
            value = self._translated(name, row.values[column])
            if name in NUMBER_FIELDS:
                value = _read(self.conventions.whole, value)
            elif name in AMOUNT_FIELDS or name in HISTORY_AMOUNTS:
                value = _read(self.conventions.amount, value)
            elif name in DATE_FIELDS or name in HISTORY_DATES:
                value = _read(self.conventions.moment, value)
            elif name.startswith(ATTRIBUTE):
                if value == "":
                    continue
                value = value.isoformat() if isinstance(value, datetime) else value
            data[name] = value
        return data

    def _translated(self, name: str, cell: Cell) -> object:
        translations = self.values.get(name)
        if translations is None:
            return cell
        return translations.get(str(cell).strip().casefold(), cell)


def load_map(path: str | PathLike[str]) -> ColumnMap:
    """Read a column map from a TOML file (IN1). Raises UnreadableFile naming what is wrong in it.

    Top level: ``source``, ``source_system``, ``locale``, ``dayfirst``, ``timezone``. Tables:
    ``[columns]`` field = "column header", ``[constants]`` field = value, ``[values.FIELD]``
    "what the cell says" = what is meant.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        _check_settings(document)
        columns = _fields(document, "columns", str)
        constants = _fields(document, "constants", (str, int, float, bool, datetime, date))
        constants |= {key: document[key] for key in ("source", "source_system") if key in document}
        for name in constants.keys() & columns.keys():
            raise ValueError(_("“%(name)s” is both a column and a constant") % {"name": name})
        values = {
            name: {said.strip().casefold(): meant for said, meant in table.items()}
            for name, table in _fields(document, "values", dict).items()
        }
        return ColumnMap(columns, constants, values, _conventions(document))
    except OSError as error:
        raise _wrong(path, error.strerror) from error
    except ValueError as error:
        raise _wrong(path, error) from error


def _check_settings(document: Mapping[str, Any]) -> None:
    for key, value in document.items():
        if key not in SETTINGS:
            raise ValueError(_("there is no setting “%(key)s”") % {"key": key})
        if not isinstance(value, SETTINGS[key]):
            raise ValueError(_("“%(key)s” has the wrong type") % {"key": key})


def _fields(
    document: Mapping[str, Any], table: str, kind: type | tuple[type, ...]
) -> dict[str, Any]:
    """A table by outside field name, each name known and each value of this kind."""
    found: dict[str, Any] = {}
    for key, value in document.get(table, {}).items():
        # Without quotes around contact.email, TOML nests it.
        if key in NESTED and isinstance(value, dict):
            found |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            found[key] = value
    for name, value in found.items():
        place = {"table": table, "name": name}
        if name not in (*FIELDS, *HISTORY) and not name.startswith(ATTRIBUTE):
            raise ValueError(_("in [%(table)s], there is no field “%(name)s”") % place)
        if not isinstance(value, kind):
            raise ValueError(_("in [%(table)s], “%(name)s” has the wrong type") % place)
    return found


def _conventions(document: Mapping[str, Any]) -> Conventions:
    locale, zone = document.get("locale", ""), document.get("timezone", "")
    try:
        if locale:
            locale = str(Locale.parse(locale.replace("-", "_")))
        if zone:
            ZoneInfo(zone)
    except UnknownLocaleError as error:
        raise ValueError(_("there is no locale “%(name)s”") % {"name": locale}) from error
    except ZoneInfoNotFoundError as error:
        raise ValueError(_("there is no time zone “%(name)s”") % {"name": zone}) from error
    return Conventions(locale=locale, dayfirst=document.get("dayfirst"), timezone=zone)


def _read(reader: Callable[[object], object], value: object) -> object:
    try:
        return reader(value)
    except ValueError:
        return Unreadable(value) if isinstance(value, str) and value.strip() else value


def _plain(name: str) -> str:
    return re.sub(r"[\s._-]+", "", name).casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _wrong(path: str | PathLike[str], problem: object) -> UnreadableFile:
    return UnreadableFile(
        _("The column map %(path)s: %(problem)s.") % {"path": Path(path).name, "problem": problem}
    )
