"""The admin site's forms, filled in as an admin does: opened, completed, saved.

Needs Django's test environment, in which an answer tells the forms that it shows.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.forms import BoundField, MultiWidget
from django.test import Client
from django.urls import reverse


class AdminSite:
    """The admin site, in the hands of a superuser."""

    def __init__(self) -> None:
        users = get_user_model()._default_manager
        self.client = Client()
        self.client.force_login(
            users.filter(is_superuser=True).first()
            or users.create_superuser("admin", "admin@example.com")
        )

    def fill(self, page: str, *args: object, **values: object) -> None:
        """Open a page with a form, fill in ``values`` and save; whatever else stands in the form is
        sent as it stands. Raises SystemExit with the form's errors if it was not saved."""
        path = reverse(f"admin:{page}", args=args)
        shown = self.client.get(path, secure=True).context
        forms = [shown["adminform"].form]
        for inline in shown.get("inline_admin_formsets", ()):
            forms += [inline.formset.management_form, *inline.formset.forms]
        sent = {name: value for form in forms for field in form for name, value in _stands(field)}
        sent |= values
        answer = self.post(path, {name: value for name, value in sent.items() if value is not None})
        if answer.status_code != 302:
            raise SystemExit(f"{path} was not saved: {_errors(answer)}")

    def post(self, path: str, sent: Mapping[str, Any]) -> Any:
        return self.client.post(path, sent, secure=True)


def _stands(field: BoundField) -> list[tuple[str, Any]]:
    """What a field of a form holds, by the names that a browser sends."""
    widget = field.field.widget
    if isinstance(widget, MultiWidget):
        names = [field.html_name + name for name in widget.widgets_names]  # type: ignore[attr-defined]
        return list(zip(names, widget.decompress(field.value()) or (), strict=False))
    return [(field.html_name, field.value())]


def _errors(answer: Any) -> object:
    context = answer.context
    if context is None or "adminform" not in context:
        return answer.status_code
    inlines = [one.formset.errors for one in context.get("inline_admin_formsets", ())]
    return context["adminform"].form.errors, context["errors"], inlines
