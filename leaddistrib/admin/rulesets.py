"""Versions of the rules: drafts in the making, the published one, those before it (RU2, RU3)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import number_of
from leaddistrib.admin.comparing import ComparingPages
from leaddistrib.admin.publishing import PublishingPages
from leaddistrib.admin.rulelist import Findings, findings_of, shown_rules
from leaddistrib.admin.rulesetpages import address, is_draft
from leaddistrib.admin.trying import TryingPages
from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.drafting import move_rule, new_draft, order_rules, throw_away
from leaddistrib.models import Rule, RuleSet


class RuleSetForm(forms.ModelForm):
    based_on = forms.ModelChoiceField(
        RuleSet.objects.all(),
        required=False,
        label=lazy("Start from"),
        empty_label=lazy("one rule that takes every lead"),
    )

    class Meta:
        model = RuleSet
        fields = ("note",)


@admin.register(RuleSet)
class RuleSetAdmin(PublishingPages, ComparingPages, TryingPages):
    form = RuleSetForm
    list_display = (
        "version",
        "status",
        "note",
        "rules",
        "scheduled_at",
        "published_at",
        "published_by",
    )
    list_select_related = ("published_by", "scheduled_by")
    list_filter = ("status",)
    search_fields = ("note", "version")
    change_form_template = "admin/leaddistrib/ruleset/change_form.html"

    class Media:
        css = {"all": ("leaddistrib/admin/rules.css",)}
        js = ("leaddistrib/admin/order.js",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rules = number_of(Rule.objects.all(), "ruleset")
        return super().get_queryset(request).annotate(_rules=rules)

    @admin.display(description=lazy("rules"), ordering="_rules")
    def rules(self, ruleset: RuleSet) -> int:
        return int(ruleset._rules)  # type: ignore[attr-defined]

    def get_fields(self, request: HttpRequest, obj: RuleSet | None = None) -> tuple[Any, ...]:
        if obj is None:
            return ("based_on", "note")
        if is_draft(obj):
            scheduled = (("scheduled_at", "scheduled_by"),) if obj.scheduled_at else ()
            return (("version", "status"), "note", "created_at", *scheduled)
        return (("version", "status"), "note", "created_at", ("published_at", "published_by"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        people = ("scheduled_by", "published_by")
        return ("version", "status", "created_at", "scheduled_at", "published_at", *people)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kw)
        if obj is not None:
            form.base_fields.pop("based_on", None)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        published = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()
        return {"based_on": published.pk if published else None}

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and is_draft(obj)

    def delete_model(self, request: HttpRequest, obj: RuleSet) -> None:
        throw_away(obj, actor=request.user)  # type: ignore[arg-type]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        made = super().save_form(request, form, change)
        if change:
            return made
        return new_draft(based_on=form.cleaned_data["based_on"], note=form.cleaned_data["note"])

    def save_model(self, request: HttpRequest, obj: RuleSet, form: Any, change: bool) -> None:
        if change:
            attributed(obj, request.user).save(update_fields=("note",))

    def response_add(
        self, request: HttpRequest, obj: RuleSet, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(request, _("The draft %(draft)s was made.") % {"draft": obj})
        return HttpResponseRedirect(address(obj))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        ruleset = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if ruleset is not None:
            draft = is_draft(ruleset)
            archived = ruleset.status == RuleSet.Status.ARCHIVED
            # What was in force and is not any more need not be checked.
            found = Findings() if archived else findings_of(ruleset)
            context |= {
                "rules": shown_rules(ruleset, found),
                "findings": found,
                "publications": ruleset.publications.select_related("by"),
                "can_edit_rules": self.has_change_permission(request, ruleset),
                "can_review": not draft
                and not archived
                and request.user.has_perm("leaddistrib.change_rule"),
                "can_draft": self.has_add_permission(request) and not draft,
                "can_roll_back": archived and self.may_publish(request),
                "can_try": self.has_view_or_change_permission(request),
                "can_ask": request.user.has_perm("leaddistrib.add_dryrun"),
            }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.view("draft/", self.make_draft, "draft"),
            self.view("order/", self.order, "order"),
            self.view("rules/<int:rule>/up/", self.move_up, "up"),
            self.view("rules/<int:rule>/down/", self.move_down, "down"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def make_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the rules of a version."""
        ruleset = get_object_or_404(RuleSet, pk=pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            made = new_draft(based_on=ruleset)
        except InvalidRules as error:
            return self.refuse(request, ruleset, error)
        self.log_addition(request, made, [{"added": {}}])
        self.message_user(request, _("The draft %(draft)s was made.") % {"draft": made})
        return HttpResponseRedirect(address(made))

    @method_decorator(require_POST)
    def order(self, request: HttpRequest, pk: int) -> JsonResponse:
        """The rules in a new order, as they were dragged: ``rule`` is sent once for each."""
        ruleset = self.to_change(request, pk)
        given = request.POST.getlist("rule")
        try:
            order_rules(
                ruleset,
                [int(one) for one in given if one.isdecimal()],
                actor=request.user,  # type: ignore[arg-type]
            )
        except InvalidRules as error:
            texts = [str(problem) for problem in error.problems.values()]
            return JsonResponse({"problem": " ".join(texts)}, status=409)
        return JsonResponse({"said": _("The new order is kept.")})

    @method_decorator(require_POST)
    def move_up(self, request: HttpRequest, pk: int, rule: int) -> HttpResponse:
        return self._move(request, pk, rule, -1)

    @method_decorator(require_POST)
    def move_down(self, request: HttpRequest, pk: int, rule: int) -> HttpResponse:
        return self._move(request, pk, rule, 1)

    def _move(self, request: HttpRequest, pk: int, rule: int, by: int) -> HttpResponse:
        ruleset = self.to_change(request, pk)
        moved = get_object_or_404(Rule, pk=rule, ruleset=ruleset)
        try:
            move_rule(moved, by, actor=request.user)  # type: ignore[arg-type]
        except InvalidRules as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(address(ruleset) + "#rules")
