"""One rule: which leads, and where they go. Edited in a draft, read anywhere else (RU1, RU3)."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.choices import search
from leaddistrib.admin.conditionforms import ConditionsAdmin, ConditionsForm
from leaddistrib.admin.filters import RuleSetFilter
from leaddistrib.admin.reviewing import ReviewPages
from leaddistrib.admin.steps import PROMISES, StepInline, in_draft
from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.drafting import remove_rule, write_rule
from leaddistrib.models import Rule, RuleSet


class RuleForm(ConditionsForm):
    """Name, rule set (when adding) and the conditions."""

    class Meta:
        model = Rule
        fields = ("ruleset", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "ruleset" in self.fields:
            choice = cast("forms.ModelChoiceField", self.fields["ruleset"])
            choice.queryset = RuleSet.objects.filter(status=RuleSet.Status.DRAFT)
            choice.error_messages["invalid_choice"] = lazy("Only a draft can be changed.")


@admin.register(Rule)
class RuleAdmin(ReviewPages, ConditionsAdmin):
    form = RuleForm
    inlines = (StepInline,)
    list_display = ("name", "ruleset", "position", "conditions")
    list_select_related = ("ruleset",)
    list_filter = (RuleSetFilter,)
    search_fields = ("name",)
    ordering = ("-ruleset__version", "position")
    change_form_template = "admin/leaddistrib/rule/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Rule | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("ruleset", "name")
        return ("name",) if self.has_change_permission(request, obj) else ("name", "conditions")

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> tuple[str, ...]:
        return () if obj is None or self.has_change_permission(request, obj) else ("conditions",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = RuleSet.objects.filter(status=RuleSet.Status.DRAFT).first()
        return {"ruleset": newest.pk if newest else None, **request.GET.dict()}

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and in_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and in_draft(obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except InvalidRules as error:
            # It was published while the form was open.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:leaddistrib_ruleset_changelist"))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["promises"] = [(push.label, text) for push, text in PROMISES.items()]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self) -> list[URLPattern]:
        known = self.admin_site.admin_view(self.known)
        return [path("known/", known, name="leaddistrib_rule_known"), *super().get_urls()]

    def known(self, request: HttpRequest) -> JsonResponse:
        """Known values of a field that contain a text, for whoever edits conditions."""
        if not (
            self.has_view_or_change_permission(request)
            or request.user.has_perm("leaddistrib.change_scoringrule")
        ):
            raise PermissionDenied
        found = search(request.GET.get("field", ""), request.GET.get("q", "")[:100])
        return JsonResponse({"results": [{"id": value, "text": text} for value, text in found]})

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        """Nothing yet: the rule is written with its steps."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        [formset] = formsets
        formset.save(commit=False)  # what changed, for the history
        write_rule(form.instance, formset.steps(), actor=cast("Any", request.user))

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        remove_rule(obj, actor=cast("Any", request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        for rule in queryset:
            remove_rule(rule, actor=cast("Any", request.user))

    def response_add(
        self, request: HttpRequest, obj: Rule, post_url_continue: str | None = None
    ) -> HttpResponse:
        response = super().response_add(request, obj, post_url_continue)
        return self._back_to_draft(request, obj, response)

    def response_change(self, request: HttpRequest, obj: Rule) -> HttpResponse:
        return self._back_to_draft(request, obj, super().response_change(request, obj))

    def _back_to_draft(
        self, request: HttpRequest, rule: Rule, response: HttpResponse
    ) -> HttpResponse:
        """After a plain "Save" the draft with all its rules is where one goes on."""
        if "_continue" in request.POST or "_addanother" in request.POST:
            return response
        return HttpResponseRedirect(
            reverse("admin:leaddistrib_ruleset_change", args=[rule.ruleset_id])
        )

    def get_inline_instances(self, request: HttpRequest, obj: Rule | None = None) -> list[Any]:
        inlines = super().get_inline_instances(request, obj)
        for inline in inlines:
            inline.extra = 1 if in_draft(obj) else 0
        return inlines
