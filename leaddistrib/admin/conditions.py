"""A rule's conditions as form fields: a tree of rows that works with and without JavaScript.

Each row is a group or a condition with an id of its own. ``cond-order`` lists the ids from top to
bottom, ``cond-ID-parent`` says in which group a row stands; the rest is what the row says. So a
script adds, nests and removes rows without renumbering, and the server alone knows documents.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.choices import SUGGESTED, Known, more_fields
from leaddistrib.admin.conditionrows import SHAPES, Row, kind_of
from leaddistrib.engine.conditions import MAX_DEPTH, parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.engine.fields import ATTRIBUTE, FIELDS
from leaddistrib.engine.operators import OPERATORS
from leaddistrib.queries import wording
from leaddistrib.queries.fields import known_fields

ROOT = "root"
EXTRA = "new"
"""The empty row with which a condition is added where there is no JavaScript."""

MATCHES = {
    "all": lazy("all of these"),
    "any": lazy("at least one of these"),
    "none": lazy("none of these"),
    "not_all": lazy("not all of these"),
}


class ConditionTree:
    """The rows of a rule, read from its document or from what was posted."""

    def __init__(self, root: Row) -> None:
        self.root = root
        self.known = Known()
        for row in _rows(root):
            row.known = self.known

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> "ConditionTree":
        """The rows that show ``document``."""
        numbers = iter(range(1, 10_000))
        if not document:
            return cls(Row(ROOT, is_group=True))
        if "field" in document:
            document = {"all": [document]}
        root = _row_of(document, "", numbers)
        root.id = ROOT
        for child in root.children:
            child.parent = ROOT
        return cls(root)

    @classmethod
    def of_data(cls, data: QueryDict) -> "ConditionTree":
        """The rows as they were posted. Rows that name no group above them are left out."""
        root = Row(ROOT, is_group=True, match=_one_of(data.get("cond-root-match"), MATCHES, "all"))
        groups, depths = {ROOT: root}, {ROOT: 1}
        for id_ in data.getlist("cond-order"):
            name = f"cond-{id_}-"
            parent = groups.get(data.get(f"{name}parent", ""))
            if parent is None or id_ in groups or f"{name}remove" in data:
                continue
            row = Row(
                id_,
                parent=parent.id,
                is_group=f"{name}match" in data,
                match=_one_of(data.get(f"{name}match"), MATCHES, "all"),
                field=data.get(f"{name}field", ""),
                attribute=data.get(f"{name}attribute", ""),
                op=_one_of(data.get(f"{name}op"), OPERATORS, "eq"),
                values=data.getlist(f"{name}value"),
            )
            if row.is_group:
                depths[id_] = depths[parent.id] + 1
                # Deeper than a rule may be: shown flat, and refused as too deep.
                groups[id_] = row if depths[id_] <= MAX_DEPTH + 1 else parent
            elif SHAPES.get(row.op) == "list":
                row.values = [line for text in row.values for line in text.splitlines()]
            if not (id_ == EXTRA and row.is_empty):
                parent.children.append(row)
        return cls(root)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document these rows say. What is wrong stands in the rows' ``errors``."""
        if not self.root.children:
            return {}
        places: dict[str, Row] = {}
        document = _document_of(self.root, "when", places)
        for place, row in places.items():
            if not row.is_group:
                self._check(row.leaf(), place, places)
        if not self.has_errors:
            self._check(document, "when", places)
        return document

    def _check(self, document: Mapping[str, Any], place: str, places: Mapping[str, Row]) -> None:
        try:
            parse(document, place, known_fields())
        except ConditionError as error:
            at = max((one for one in places if error.path.startswith(one)), key=len, default="when")
            row = places.get(at, self.root)
            if not row.is_group and not row.field:
                row.errors.append(_("Choose a field, or remove the condition."))
            else:
                row.errors.append(wording.condition_error(error))

    @property
    def has_errors(self) -> bool:
        return any(row.errors for row in _rows(self.root))

    # What the template offers

    extra = Row(EXTRA, parent=ROOT)
    matches = MATCHES

    @property
    def fields(self) -> list[dict[str, Any]]:
        """What a condition may be about: our fields, the host's, and attributes by name."""
        beside = more_fields()
        ours = [name for name in wording.FIELD_LABELS if name in FIELDS]
        offered = [
            {
                "name": name,
                "label": capfirst(
                    str(beside[name].label if name in beside else wording.field_label(name))
                ),
                "kind": kind_of(name),
                "known": self.known.kind(name),
            }
            for name in (*ours, *beside)
        ]
        return [*offered, {"name": ATTRIBUTE, "label": _("Attribute …"), "kind": "any"}]

    @property
    def operators(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "label": wording.OPERATOR_LABELS[name],
                "shape": SHAPES.get(name, "one"),
                "kinds": " ".join(sorted(operator.kinds)),
            }
            for name, operator in OPERATORS.items()
        ]

    @property
    def suggested(self) -> dict[str, list[str]]:
        """Values to suggest while somebody types, by field."""
        return {field: [value for value, _label in self.known.values(field)] for field in SUGGESTED}

    @property
    def blank_rows(self) -> dict[str, Any]:
        """Rows to copy for the script: one of each kind, and one for each widget of a value."""
        new = "__id__"

        def row(**parts: Any) -> Row:
            return Row(new, known=self.known, **parts)

        widgets = {
            "text": row(),
            "number": row(field="score"),
            "list": row(op="in"),
            "range": row(field="score", op="between"),
            "blank": row(op="is_blank"),
        }
        for field in self.fields:
            name = field["name"]
            match field.get("known"):
                case "closed":
                    names = ("choice", "choices")
                case "suggested":
                    names = ("suggest", "tags")
                case "searched":
                    names = ("find", "search")
                case _:
                    continue
            widgets[f"{names[0]}:{name}"] = row(field=name)
            widgets[f"{names[1]}:{name}"] = row(field=name, op="in")
        return {
            "leaf": row(parent="__parent__"),
            "group": row(parent="__parent__", is_group=True, match="any"),
            "widgets": widgets,
        }


def _row_of(document: Mapping[str, Any], parent: str, numbers: Iterator[int]) -> Row:
    id_ = str(next(numbers))
    if "field" in document:
        return Row(id_, parent=parent).read(dict(document))
    row = Row(id_, parent=parent, is_group=True)
    match document:
        case {"not": {"all": inner}}:
            row.match = "not_all"
        case {"not": {"any": inner}}:
            row.match = "none"
        case {"not": inner}:
            row.match, inner = "none", [inner]
        case {"any": inner}:
            row.match = "any"
        case _:
            inner = document["all"]
    row.children = [_row_of(one, id_, numbers) for one in inner]
    return row


def _document_of(row: Row, place: str, places: dict[str, Row]) -> dict[str, Any]:
    """The row's document; ``places`` remembers which row stands at which path."""
    places[place] = row
    if not row.is_group:
        return row.leaf()
    key = {"not_all": "all", "none": "any"}.get(row.match, row.match)
    if row.match == "none" and len(row.children) == 1:
        return {"not": _document_of(row.children[0], f"{place}.not", places)}
    inside = f"{place}.not.{key}" if row.match in ("not_all", "none") else f"{place}.{key}"
    inner = [
        _document_of(child, f"{inside}[{index}]", places)
        for index, child in enumerate(row.children)
    ]
    return {"not": {key: inner}} if row.match in ("not_all", "none") else {key: inner}


def _rows(row: Row) -> Iterator[Row]:
    yield row
    for child in row.children:
        yield from _rows(child)


def _one_of(value: str | None, known: Iterable[str], otherwise: str) -> str:
    return value if value is not None and value in known else otherwise
