"""Versions of the rules: drafts in the making, the published one, those before it (RU2, RU3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import LeadDistribAdmin, number_of
from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.drafting import move_rule, new_draft
from leaddistrib.lifecycle.publishing import check, put_in_force
from leaddistrib.models import Rule, RuleSet
from leaddistrib.queries import wording

PLACE = re.compile(r"rules\[(\d+)\](?:\.(.*))?")


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule in plain words, and what is wrong with it."""

    rule: Rule
    conditions: str
    steps: tuple[str, ...]
    problems: tuple[str, ...] = ()


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
class RuleSetAdmin(LeadDistribAdmin):
    form = RuleSetForm
    list_display = ("version", "status", "note", "rules", "published_at", "published_by")
    list_select_related = ("published_by",)
    list_filter = ("status",)
    search_fields = ("note", "version")
    readonly_fields = ("version", "status", "created_at", "published_at", "published_by")
    change_form_template = "admin/leaddistrib/ruleset/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        rules = number_of(Rule.objects.all(), "ruleset")
        return super().get_queryset(request).annotate(_rules=rules)

    @admin.display(description=lazy("rules"), ordering="_rules")
    def rules(self, ruleset: RuleSet) -> int:
        return int(ruleset._rules)  # type: ignore[attr-defined]

    def get_fields(self, request: HttpRequest, obj: RuleSet | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("based_on", "note")
        return ("version", "status", "note", "created_at", "published_at", "published_by")

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
        return super().has_change_permission(request, obj) and _is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_draft(obj)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        made = super().save_form(request, form, change)
        if change:
            return made
        return new_draft(based_on=form.cleaned_data["based_on"], note=form.cleaned_data["note"])

    def save_model(self, request: HttpRequest, obj: RuleSet, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=("note",))

    def response_add(
        self, request: HttpRequest, obj: RuleSet, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(request, _("The draft %(draft)s was made.") % {"draft": obj})
        return HttpResponseRedirect(_address(obj))

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
            editable = self.has_change_permission(request, ruleset)
            problems = _problems(ruleset) if ruleset.status == RuleSet.Status.DRAFT else {}
            context |= {
                "rules": shown_rules(ruleset, problems),
                "problems": [text for place, text in problems.items() if not PLACE.match(place)],
                "can_edit_rules": editable,
                "can_draft": self.has_add_permission(request) and not _is_draft(ruleset),
            }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        def view(route: str, function: Any, name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(function)
            made: URLPattern = path(route, wrapped, name=f"leaddistrib_ruleset_{name}")
            return made

        return [
            view("<int:pk>/publish/", self.publish, "publish"),
            view("<int:pk>/draft/", self.make_draft, "draft"),
            view("<int:pk>/rules/<int:rule>/up/", self.move_up, "up"),
            view("<int:pk>/rules/<int:rule>/down/", self.move_down, "down"),
            *super().get_urls(),
        ]

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What will be in force, to be confirmed."""
        ruleset = self._for_change(request, pk)
        problems = _problems(ruleset)
        if request.method == "POST" and not problems:
            try:
                put_in_force(ruleset, actor=request.user)  # type: ignore[arg-type]
            except InvalidRules as error:
                problems = dict(error.problems)
            else:
                self.log_change(request, ruleset, [{"changed": {"fields": ["status"]}}])
                text = _("Version %(version)d is in force.") % {"version": ruleset.version}
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(_address(ruleset))
        published = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": ruleset,
            "title": _("Publish version %(version)d") % {"version": ruleset.version},
            "rules": shown_rules(ruleset, problems),
            "problems": [text for place, text in problems.items() if not PLACE.match(place)],
            "has_problems": bool(problems),
            "published": published,
            "media": self.media,
        }
        return TemplateResponse(request, "leaddistrib/admin/publish.html", context)

    @method_decorator(require_POST)
    def make_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the rules of a version."""
        ruleset = get_object_or_404(RuleSet, pk=pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            made = new_draft(based_on=ruleset)
        except InvalidRules as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(_address(ruleset))
        self.log_addition(request, made, [{"added": {}}])
        self.message_user(request, _("The draft %(draft)s was made.") % {"draft": made})
        return HttpResponseRedirect(_address(made))

    @method_decorator(require_POST)
    def move_up(self, request: HttpRequest, pk: int, rule: int) -> HttpResponse:
        return self._move(request, pk, rule, -1)

    @method_decorator(require_POST)
    def move_down(self, request: HttpRequest, pk: int, rule: int) -> HttpResponse:
        return self._move(request, pk, rule, 1)

    def _move(self, request: HttpRequest, pk: int, rule: int, by: int) -> HttpResponse:
        ruleset = self._for_change(request, pk)
        moved = get_object_or_404(Rule, pk=rule, ruleset=ruleset)
        try:
            move_rule(moved, by)
        except InvalidRules as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(_address(ruleset) + "#rules")

    def _for_change(self, request: HttpRequest, pk: int) -> RuleSet:
        ruleset = get_object_or_404(RuleSet, pk=pk)
        if not self.has_change_permission(request, ruleset):
            raise PermissionDenied
        return ruleset


def shown_rules(ruleset: RuleSet, problems: Mapping[str, str]) -> list[ShownRule]:
    """The rules in order, in plain words, each with its problems."""
    by_index: dict[int, list[str]] = {}
    for place, text in problems.items():
        if found := PLACE.match(place):
            by_index.setdefault(int(found[1]), []).append(text)
    rules = ruleset.rules.order_by("position").prefetch_related("steps__team", "steps__pool")
    return [
        ShownRule(
            rule=rule,
            conditions=capfirst(wording.condition_in_words(rule.when)),
            steps=tuple(_step(step) for step in rule.steps.all()),
            problems=tuple(by_index.get(index, ())),
        )
        for index, rule in enumerate(rules)
    ]


def _step(step: Any) -> str:
    if step.pool:
        return _("pool “%(name)s”") % {"name": step.pool.name}
    return _("team “%(name)s”, %(push)s") % {
        "name": step.team.name,
        "push": step.get_push_display(),
    }


def _problems(ruleset: RuleSet) -> dict[str, str]:
    try:
        check(ruleset)
    except InvalidRules as error:
        return error.problems
    return {}


def _is_draft(obj: Model | None) -> bool:
    return not isinstance(obj, RuleSet) or obj.status == RuleSet.Status.DRAFT


def _address(ruleset: RuleSet) -> str:
    return reverse("admin:leaddistrib_ruleset_change", args=[ruleset.pk])
