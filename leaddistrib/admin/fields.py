"""Form fields for lists and named values, so that nobody types JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME = " · "
"""Stands between a code and its name where both are shown; people may leave the name out."""


class LinesField(forms.CharField):
    """A list of texts, one per line. ``each`` cleans a text or raises ValidationError, to which the
    line's number is added; ``named`` gives the name that is shown behind it, "" for none."""

    widget = forms.Textarea

    def __init__(
        self,
        *,
        each: Callable[[str], str] = str,
        named: Callable[[str], str] | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 4, "cols": 40}))
        options.setdefault("required", False)
        super().__init__(strip=False, **options)
        self.each = each
        self.named = named

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(self._shown, value)) if isinstance(value, list) else value

    def _shown(self, text: str) -> str:
        name = self.named(text) if self.named else ""
        return f"{text}{NAME}{name}" if name else text

    def clean(self, value: Any) -> list[str]:
        cleaned, errors = [], []
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            code = line.partition(NAME)[0] if self.named else line
            for text in filter(None, (part.strip() for part in code.split(","))):
                try:
                    cleaned.append(self.each(text))
                except ValidationError as error:
                    errors += [
                        _("Line %(number)d: %(problem)s") % {"number": number, "problem": problem}
                        for problem in error.messages
                    ]
        if errors:
            raise ValidationError(errors)
        return list(dict.fromkeys(cleaned))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class NamedValuesField(forms.CharField):
    """Named values, one ``name: value`` per line.

    A value that is a JSON scalar (12, true, "12") is that; anything else is text as it stands.
    """

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 4, "cols": 40}))
        options.setdefault("required", False)
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{name}: {_written(inner)}" for name, inner in value.items())

    def clean(self, value: Any) -> dict[str, object]:
        values: dict[str, object] = {}
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            if not line.strip():
                continue
            name, colon, text = line.partition(":")
            if not colon or not name.strip():
                raise ValidationError(
                    _("Line %(number)d: write a name, a colon and a value."),
                    params={"number": number},
                )
            if name.strip() in values:
                raise ValidationError(
                    _("Line %(number)d: “%(name)s” is there already."),
                    params={"number": number, "name": name.strip()},
                )
            values[name.strip()] = _read(text.strip())
        return values

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def _written(value: object) -> str:
    if isinstance(value, str) and value == value.strip() and _read(value) == value and value:
        return value if value.splitlines() == [value] else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
