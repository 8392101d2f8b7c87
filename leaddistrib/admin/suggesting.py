"""What leads came with, suggested while somebody types what they are to come with."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.choices import Known
from leaddistrib.models import ResponsePolicy


class Suggested(forms.TextInput):
    """A text box with the known values of ``field`` of leads, "lead_type" or "source": those of the
    newest leads, and those that response policies are for. Anything else may be typed."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__({"class": "vTextField"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"known-{name}"
        box = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join(
            "", '<option value="{}"></option>', ((one,) for one in self._known())
        )
        return format_html('{}<datalist id="{}">{}</datalist>', box, listed, options)

    def _known(self) -> list[str]:
        """Three queries."""
        wanted = ResponsePolicy.objects.exclude(**{self.field: ""})
        known = {value for value, _label in Known().values(self.field)}
        return sorted(known.union(wanted.values_list(self.field, flat=True)), key=str.casefold)


class SuggestingAdmin(LeadDistribAdmin):
    """``suggested`` names the fields, of leads as well, that are typed with suggestions."""

    suggested: tuple[str, ...] = ()

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.suggested:
            kwargs["widget"] = Suggested(db_field.name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)
