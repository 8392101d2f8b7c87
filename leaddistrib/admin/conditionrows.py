"""One row of the editor of conditions: a group, or a condition with the widget for its value."""

import dataclasses
from typing import Any

from leaddistrib.admin.choices import Known, more_fields
from leaddistrib.engine.fields import ATTRIBUTE, FIELDS, as_number

# How many values an operator wants, and so which widget; any other wants one value.
SHAPES = {"in": "list", "not_in": "list", "between": "range", "is_blank": "blank"}


def kind_of(field: str) -> str:
    """ "text", "number" or "any": what a field of a lead, or one of the host's, holds."""
    if field in FIELDS:
        return FIELDS[field].kind
    more = more_fields().get(field)
    return more.kind if more else "any"


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
    # Shared by the rows of a page, so that each list is loaded once.
    known: Known = dataclasses.field(default_factory=Known, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The field as documents name it."""
        return ATTRIBUTE + self.attribute.strip() if self.field == ATTRIBUTE else self.field

    @property
    def kind(self) -> str:
        return kind_of(self.field)

    @property
    def shape(self) -> str:
        return SHAPES.get(self.op, "one")

    @property
    def widget(self) -> str:
        """The name of the widget for the value: the right one for field and operator."""
        if self.shape in ("range", "blank"):
            return self.shape
        known = self.known.kind(self.field)
        if self.shape == "list":
            return {"closed": "choices", "suggested": "tags", "searched": "search"}.get(
                known, "list"
            )
        if self.op in ("eq", "ne") and known:
            return {"closed": "choice", "suggested": "suggest", "searched": "find"}[known]
        return "number" if self.kind == "number" else "text"

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """The choices of the value as value, label and whether it is chosen; none gets lost."""
        known = self.known.values(self.field)
        chosen = {value.strip().casefold() for value in self.values}
        listed = {value.casefold() for value, _label in known}
        others = [(value, value) for value in self.values if value.casefold() not in listed]
        return [
            (value, label, value.casefold() in chosen)
            for value, label in (*known, *others)
            if value
        ]

    @property
    def labelled(self) -> list[tuple[str, str]]:
        """The values of a searched field with their labels."""
        return [(value, self.known.label(self.field, value)) for value in self.values]

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
        return {"field": self.name, "op": self.op, "value": self._typed()}

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

    def read(self, document: dict[str, Any]) -> "Row":
        """This row with a condition's field, operator and values."""
        name, self.op, value = document["field"], document["op"], document["value"]
        self.field = name
        if name not in FIELDS and name not in more_fields():
            self.field, self.attribute = ATTRIBUTE, name.removeprefix(ATTRIBUTE)
        self.values = [_text(one) for one in (value if isinstance(value, list) else [value])]
        return self


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
