"""A rule in force is looked at again, and found still right (RU7)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.rulelist import findings_of, shown_rules
from leaddistrib.lifecycle.reviewing import review
from leaddistrib.models import Rule, RuleReview, RuleSet
from leaddistrib.queries.reviews import did_since, last_looked_at


class ReviewForm(forms.Form):
    note = forms.CharField(
        label=lazy("Note"),
        required=False,
        max_length=200,
        widget=AdminTextInputWidget,
        help_text=lazy("What you looked at, or why it stays as it is."),
    )


class ReviewPages(LeadDistribAdmin):
    """The page of a rule on which somebody says that it is still right."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.review)
        return [path("<int:pk>/review/", page, name="leaddistrib_rule_review"), *super().get_urls()]

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the rule says and what it did since somebody last looked at it."""
        rule = get_object_or_404(Rule.objects.select_related("ruleset"), pk=pk)
        in_force = rule.ruleset.status == RuleSet.Status.PUBLISHED
        if not request.user.has_perm("leaddistrib.change_rule") or not in_force:
            raise PermissionDenied
        form = ReviewForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            actor: Any = request.user
            review(rule, actor, form.cleaned_data["note"])
            text = _("“%(rule)s” is reviewed.") % {"rule": rule.name}
            self.message_user(request, text, messages.SUCCESS)
            address = reverse("admin:leaddistrib_ruleset_change", args=[rule.ruleset_id])
            return HttpResponseRedirect(f"{address}#rules")
        shown = shown_rules(rule.ruleset, findings_of(rule.ruleset))
        since = last_looked_at([rule])[rule.key]
        did = did_since({rule.key: since})[rule.key]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": rule,
            "title": _("Review “%(rule)s”") % {"rule": rule.name},
            "media": self.media,
            "form": form,
            "shown": next(one for one in shown if one.rule.pk == rule.pk),
            "since": since,
            "did": did,
            "reviews": RuleReview.objects.filter(key=rule.key).select_related("by")[:20],
        }
        return TemplateResponse(request, "leaddistrib/admin/review.html", context)
