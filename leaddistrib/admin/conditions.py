"""A rule's conditions as form fields: a tree of rows that works with and without JavaScript.

Each row is a group or a condition with an id of its own. ``cond-order`` lists the ids from top to
bottom, ``cond-ID-parent`` says in which group a row stands; the rest is what the row says. So a
script adds, nests and removes rows without renumbering, and the server alone knows documents.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.choices import choices
from leaddistrib.engine.conditions import MAX_DEPTH, parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.engine.fields import ATTRIBUTE, FIELDS, as_number
from leaddistrib.engine.operators import OPERATORS
from leaddistrib.queries import wording

ROOT = "root"
EXTRA = "new"
"""The empty row with which a condition is added where there is no JavaScript."""

MATCHES = {
    "all": lazy("all of these"),
    "any": lazy("at least one of these"),
    "none": lazy("none of these"),
    "not_all": lazy("not all of these"),
}

# How many values an operator wants, and so which widget; any other wants one value.
SHAPES = {"in": "list", "not_in": "list", "between": "range", "is_blank": "blank"}


@dataclasses.dataclass
class Row:
    """A group or a condition, as it stands in the form."""

    id: str
    parent: str = ""
    is_group: bool = False
    match: str = "all"
    field: str = ""
    attribute: str = ""
    op: str = "eq"
    values: list[str] = dataclasses.field(default_factory=list)
    children: list["Row"] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)

    @property
    def kind(self) -> str:
        return FIELDS[self.field].kind if self.field in FIELDS else "any"

    @property
    def shape(self) -> str:
        return SHAPES.get(self.op, "one")

    @property
    def widget(self) -> str:
        """The name of the template for the value: the right one for field and operator."""
        if self.shape in ("range", "blank"):
            return self.shape
        chosen = self.field in choices()
        if self.shape == "list":
            return "choices" if chosen else "list"
        if chosen and self.op in ("eq", "ne"):
            return "choice"
        return "number" if self.kind == "number" else "text"

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """The choices of the value as value, label and whether it is chosen; none gets lost."""
        known = choices().get(self.field, [])
        chosen = {value.strip().casefold() for value in self.values}
        listed = {value.casefold() for value, _label in known}
        others = [(value, value) for value in self.values if value.casefold() not in listed]
        return [
            (value, label, value.casefold() in chosen)
            for value, label in (*known, *others)
            if value
        ]

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        return self.values[1] if len(self.values) > 1 else ""

    @property
    def lines(self) -> str:
        return "\n".join(self.values)

    @property
    def is_empty(self) -> bool:
        return not self.is_group and not self.field and not any(self.values)

    def leaf(self) -> dict[str, object]:
        """The condition as a document, wrong or not."""
        name = ATTRIBUTE + self.attribute.strip() if self.field == ATTRIBUTE else self.field
        return {"field": name, "op": self.op, "value": self._typed()}

    def _typed(self) -> object:
        texts = [text.strip() for text in self.values]
        match self.shape:
            case "blank":
                return texts[:1] != ["false"]
            case "list":
                lines = (line.strip() for text in texts for line in text.splitlines())
                return [self._scalar(line) for line in lines if line]
            case "range":
                return [self._scalar(text) for text in (*texts, "", "")[:2]]
        return self._scalar(texts[0] if texts else "")

    def _scalar(self, text: str) -> object:
        number = as_number(text)
        if number is None or self.kind == "text" or self.op in ("contains", "starts_with"):
            return text
        # What an attribute is compared with is a number where it is written as one.
        canonical = str(number) == text or self.op in ("gte", "lte", "between")
        return number if self.kind == "number" or canonical else text


class ConditionTree:
    """The rows of a rule, read from its document or from what was posted."""

    def __init__(self, root: Row) -> None:
        self.root = root

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
            parse(document, place)
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
        offered = [
            {
                "name": name,
                "label": capfirst(wording.field_label(name)),
                "kind": FIELDS[name].kind,
                "choices": name if name in choices() else "",
            }
            for name in wording.FIELD_LABELS
            if name in FIELDS
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
    def blank_rows(self) -> dict[str, Any]:
        """Rows to copy for the script: one of each kind, and one for each widget of a value."""
        new = "__id__"
        widgets = {
            "text": Row(new),
            "number": Row(new, field="score"),
            "list": Row(new, op="in"),
            "range": Row(new, field="score", op="between"),
            "blank": Row(new, op="is_blank"),
        }
        for name in choices():
            widgets[f"choice:{name}"] = Row(new, field=name)
            widgets[f"choices:{name}"] = Row(new, field=name, op="in")
        return {
            "leaf": Row(new, parent="__parent__"),
            "group": Row(new, parent="__parent__", is_group=True, match="any"),
            "widgets": widgets,
        }


def _row_of(document: Mapping[str, Any], parent: str, numbers: Iterator[int]) -> Row:
    id_ = str(next(numbers))
    if "field" in document:
        return _leaf_of(document, Row(id_, parent=parent))
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


def _leaf_of(document: Mapping[str, Any], row: Row) -> Row:
    name, row.op, value = document["field"], document["op"], document["value"]
    row.field = name
    if name not in FIELDS:
        row.field, row.attribute = ATTRIBUTE, name.removeprefix(ATTRIBUTE)
    row.values = [_text(one) for one in (value if isinstance(value, list) else [value])]
    return row


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
