"""The attributes of leads that the host registered in ``LEADDISTRIB["FIELDS"]`` (RU1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from leaddistrib import conf
from leaddistrib.engine.fields import FIELDS, KINDS, Field, Kind

LONGEST = 64
"""Characters of an attribute's name, as intake takes them."""


@dataclass(frozen=True, slots=True)
class HostField:
    """An attribute with a label, a kind and, if they are known, its values with their labels."""

    name: str
    label: str | Promise
    kind: Kind = "any"
    choices: tuple[tuple[str, str | Promise], ...] = ()


def host_fields() -> dict[str, HostField]:
    """The registered attributes by their name in rules, such as "attributes.plan".

    The setting is checked at start (``leaddistrib.E012``).
    """
    return {
        name: HostField(
            name=name,
            label=given.get("label") or name.removeprefix("attributes."),
            kind=given.get("kind", "any"),
            choices=tuple(_choice(one) for one in given.get("choices", ())),
        )
        for name, given in registered().items()
    }


def registered() -> Any:
    """The setting as it was given, once a dotted path was followed; right or wrong."""
    given = conf.settings.FIELDS
    return import_string(given) if isinstance(given, str) else given


def known_fields() -> Mapping[str, Field]:
    """Every field that conditions may ask about by name, the host's with the kind it gave: what
    ``engine.conditions.parse`` checks a draft against. Other attributes are of kind "any".

    A version that was published is read without them, so that it works whatever the host registers
    later.
    """
    hosts = {name: Field(name, one.kind) for name, one in host_fields().items()}
    return {**FIELDS, **hosts}


def _choice(given: Any) -> tuple[str, str | Promise]:
    """A value, or a pair of value and label."""
    if isinstance(given, tuple | list):
        value, label = given
        return str(value), label
    return str(given), str(given)


def faults() -> list[str]:
    """What is wrong with the setting, each as a sentence; [] if nothing is."""
    try:
        given = registered()
    except ImportError as error:
        return [f"it cannot be imported: {error}."]
    if not isinstance(given, Mapping):
        return [f"it is {given!r}, not a dict."]
    return [fault for name, field in given.items() for fault in _faults(name, field)]


def _faults(name: object, field: object) -> list[str]:
    found = []
    attribute = name.removeprefix("attributes.") if isinstance(name, str) else name
    if attribute == name or not str(attribute).strip() or len(str(attribute)) > LONGEST:
        found.append(
            f"{name!r} is no name of an attribute: write “attributes.” and up to {LONGEST} letters."
        )
    if not isinstance(field, Mapping):
        return [*found, f"{name!r} is {field!r}, not a dict with label, kind and choices."]
    if unknown := sorted(str(key) for key in field if key not in ("label", "kind", "choices")):
        found.append(f"{name!r} has {', '.join(unknown)}: known are label, kind, choices.")
    if field.get("kind", "any") not in KINDS:
        found.append(f"{name!r} is of kind {field['kind']!r}: known are {', '.join(KINDS)}.")
    if not isinstance(field.get("label", ""), str | Promise):
        found.append(f"{name!r} has the label {field['label']!r}: write a text.")
    choices = field.get("choices", ())
    if not isinstance(choices, list | tuple) or not all(map(_is_choice, choices)):
        found.append(f"{name!r} has the choices {choices!r}: list values, or (value, label) pairs.")
    return found


def _is_choice(one: object) -> bool:
    if isinstance(one, tuple | list):
        return len(one) == 2 and isinstance(one[0], str | int | float)
    return isinstance(one, str | int | float)
