"""The attributes that the host registered, in the API's own description (RU1)."""

import copy
from typing import Any

from leaddistrib.queries.fields import HostField, host_fields

SHAPES = ("LeadIn", "LeadOut")


def with_host_fields(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with what the host says of its attributes. Others are taken all the same, and any
    value of these: they are descriptions, not restrictions."""
    fields = host_fields()
    if not fields:
        return schema
    described = copy.deepcopy(schema)
    for shape in SHAPES:
        found = described["components"]["schemas"].get(shape)
        if found:
            attributes = found["properties"]["attributes"]
            attributes["properties"] = {
                name.removeprefix("attributes."): _described(
                    field, attributes["additionalProperties"]
                )
                for name, field in fields.items()
            }
    return described


def _described(field: HostField, any_value: dict[str, Any]) -> dict[str, Any]:
    text = str(field.label)
    if field.kind == "number":
        text += " (a number)"
    if field.choices:
        values = ", ".join(f"`{value}` {label}" for value, label in field.choices)
        text += f": {values}"
    return {**any_value, "description": text}
