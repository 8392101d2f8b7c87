"""A sender's own names for the fields of a lead (IN1)."""

from collections.abc import Mapping
from typing import Any

from leaddistrib.lifecycle.intake.cleaning import FIELDS

ATTRIBUTE = "attributes."
OWN_NAMES = {name.partition(".")[0] for name in FIELDS} - {"received_at"}
"""What a sender may call by our names. When a lead came in is ours to say."""


def is_field(name: str) -> bool:
    """Whether a sender's name may stand for this field."""
    if name.startswith(ATTRIBUTE):
        return len(name) > len(ATTRIBUTE)
    return name in FIELDS and name not in ("received_at", "attributes")


def renamed(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """``data`` by our names. ``names`` maps the sender's, with points for what is nested
    ("properties.email", "items.0.name"), to ours; without any, ``data`` speaks our names already.

    With ``names``, fields of our own names are still taken, and all else that a sender says is left
    alone.
    """
    if not names:
        return dict(data)
    theirs = {path.partition(".")[0] for path in names}
    own = {name: value for name, value in data.items() if name in OWN_NAMES - theirs}
    found = {name: _at(data, path) for path, name in names.items()}
    # Last, so that they overrule what the same field is called by our own name.
    return {**own, **{name: value for name, value in found.items() if value not in (None, "")}}


def _at(data: Any, path: str) -> Any:
    """What stands at ``path``, None if nothing does. A name may itself hold points."""
    if isinstance(data, Mapping) and path in data:
        return data[path]
    first, _point, rest = path.partition(".")
    if isinstance(data, list):
        inner = data[int(first)] if first.isdecimal() and int(first) < len(data) else None
    else:
        inner = data.get(first) if isinstance(data, Mapping) else None
    return _at(inner, rest) if rest else inner
