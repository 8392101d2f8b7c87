"""What the pages about one version of the rules have in common."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.errors import InvalidRules
from leaddistrib.models import RuleSet


class RuleSetPages(LeadDistribAdmin):
    """Pages beside the form. They are found by the version's id."""

    def view(self, route: str, function: Any, name: str) -> URLPattern:
        """The address of a page of a version, for whoever may use the admin site."""
        wrapped = self.admin_site.admin_view(function)
        made: URLPattern = path(f"<int:pk>/{route}", wrapped, name=f"leaddistrib_ruleset_{name}")
        return made

    def to_look_at(self, request: HttpRequest, pk: int) -> RuleSet:
        """The version, for whoever may look at rules."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        ruleset: RuleSet = get_object_or_404(self.get_queryset(request), pk=pk)
        return ruleset

    def to_change(self, request: HttpRequest, pk: int) -> RuleSet:
        """The draft, for whoever may edit it."""
        ruleset = self.to_look_at(request, pk)
        if not self.has_change_permission(request, ruleset):
            raise PermissionDenied
        return ruleset

    def may_publish(self, request: HttpRequest) -> bool:
        """Whether this person decides which version is in force."""
        return self.has_change_permission(request)

    def show(
        self, request: HttpRequest, template: str, ruleset: RuleSet, title: str, **context: Any
    ) -> TemplateResponse:
        """A page about ``ruleset``, in the frame of the admin site."""
        return TemplateResponse(
            request,
            f"leaddistrib/admin/{template}",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": ruleset,
                "title": title,
                "media": self.media,
                **context,
            },
        )

    def refuse(self, request: HttpRequest, ruleset: RuleSet, error: InvalidRules) -> HttpResponse:
        """Back to the version, with what stood against it."""
        for text in dict.fromkeys(str(problem) for problem in error.problems.values()):
            self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(address(ruleset))

    def log_act(self, request: HttpRequest, ruleset: RuleSet, field: str) -> None:
        self.log_change(request, ruleset, [{"changed": {"fields": [field]}}])


def is_draft(obj: Model | None) -> bool:
    """Whether a version, or a new one, may be edited."""
    return not isinstance(obj, RuleSet) or obj.status == RuleSet.Status.DRAFT


def published() -> RuleSet | None:
    return RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()


def address(ruleset: RuleSet, page: str = "change") -> str:
    return reverse(f"admin:leaddistrib_ruleset_{page}", args=[ruleset.pk])
