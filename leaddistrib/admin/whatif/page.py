"""A policy is tried as it stands in its form, and the form is shown again, still unsaved."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin import helpers
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.forms import MediaDefiningClass
from django.forms.formsets import all_valid
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.whatif.words import Tried
from leaddistrib.queries import clock

BUTTON = "_whatif"
"""Which button of the form was pressed."""


class AbstractPage(ABCMeta, MediaDefiningClass):
    """Of admin pages with methods that each kind says for itself."""


class WhatIfAdmin(LeadDistribAdmin, metaclass=AbstractPage):
    """Beside Save there is a button “What if”, for whoever may save and may see the facts of reps
    that it tells: ``what_if_shows`` is that permission."""

    what_if_shows: ClassVar[str]

    @abstractmethod
    def tried(self, policy: Any, rows: Sequence[Any], moment: datetime) -> Tried:
        """What a policy that is not saved, with these ``rows`` below it, would have made of the
        month before ``moment``. Writes nothing."""

    def may_try(self, request: HttpRequest, policy: Any) -> bool:
        may_save = (
            self.has_add_permission(request)
            if policy is None
            else self.has_change_permission(request, policy)
        )
        allowed = request.user.has_perm
        return may_save and (
            allowed(f"leaddistrib.{self.what_if_shows}") or allowed("leaddistrib.change_rep")
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        policy = None
        if object_id is not None and BUTTON in request.POST:
            policy = self.get_object(request, unquote(object_id))
        if BUTTON not in request.POST or (object_id is not None and policy is None):
            return super().changeform_view(request, object_id, form_url, extra_context)
        if not self.may_try(request, policy):
            raise PermissionDenied
        return self._try(request, policy, form_url)

    def _try(self, request: HttpRequest, policy: Any, form_url: str) -> HttpResponse:
        """The same page as after a save that was refused; without errors, with what was found."""
        change = policy is not None
        fieldsets = self.get_fieldsets(request, policy)
        form_class = self.get_form(
            request, policy, change=change, fields=flatten_fieldsets(fieldsets)
        )
        form = form_class(request.POST, request.FILES, instance=policy)
        formsets, inlines = self._create_formsets(  # type: ignore[attr-defined]
            request, form.instance, change=change
        )
        valid = all([form.is_valid(), all_valid(formsets)])
        found = self.tried(form.instance, _rows(formsets), clock.now()) if valid else None
        admin_form = helpers.AdminForm(
            form,
            list(fieldsets),  # type: ignore[arg-type]
            self.get_prepopulated_fields(request, policy),
            self.get_readonly_fields(request, policy),
            model_admin=self,
        )
        shown = self.get_inline_formsets(request, formsets, inlines, policy)
        title = _("Change %(what)s") if change else _("Add %(what)s")
        context = {
            **self.admin_site.each_context(request),
            "title": title % {"what": self.opts.verbose_name},
            "subtitle": str(policy) if change else None,
            "adminform": admin_form,
            "object_id": policy.pk if change else None,
            "original": policy,
            "is_popup": False,
            "to_field": None,
            "media": sum((one.media for one in shown), self.media + admin_form.media),
            "inline_admin_formsets": shown,
            "errors": helpers.AdminErrorList(form, formsets),
            "preserved_filters": self.get_preserved_filters(request),
            "what_if": found,
        }
        return self.render_change_form(
            request, context, add=not change, change=change, form_url=form_url, obj=policy
        )


def _rows(formsets: Sequence[Any]) -> list[Any]:
    """The rows below a policy as they stand in the form, without those that are to be deleted."""
    return [
        form.instance
        for formset in formsets
        for form in formset.forms
        if form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]
