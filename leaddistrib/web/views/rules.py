"""The rules in force, for everybody whose leads they decide (RU8), and their reviews (RU7)."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from leaddistrib.lifecycle.reviewing import MAX_NOTE
from leaddistrib.lifecycle.reviewing import review as review_rule
from leaddistrib.models import Rule, RuleSet
from leaddistrib.queries import clock
from leaddistrib.queries.differences import Difference
from leaddistrib.queries.plainrules import may_review, plain_rules
from leaddistrib.web.access import Viewer, signed_in


class ReviewForm(forms.Form):
    note = forms.CharField(label=lazy("Note"), required=False, max_length=MAX_NOTE)


@require_safe
@signed_in
def rules(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What goes where, in plain words and in order, and what the last change changed."""
    _for_reps_and_managers(viewer)
    return _page(request, viewer)


@require_POST
@signed_in
def review(request: HttpRequest, viewer: Viewer, key: UUID) -> HttpResponse:
    """A manager says that a rule is still right. 404 for a rule that is not theirs to say it of. A
    note that is refused stays in its field."""
    in_force = Rule.objects.filter(ruleset__status=RuleSet.Status.PUBLISHED, key=key)
    rule = in_force.prefetch_related("steps__team", "steps__pool__teams").first()
    if rule is None or not may_review(viewer.sight, rule):
        raise Http404
    form = ReviewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("“%(rule)s” is not reviewed yet.") % {"rule": rule.name})
        return _page(request, viewer, status=400, refused=key, refused_form=form)
    review_rule(rule, viewer.user, form.cleaned_data["note"])
    messages.success(request, _("You reviewed “%(rule)s”.") % {"rule": rule.name})
    return redirect("leaddistrib:rules")


def _page(
    request: HttpRequest, viewer: Viewer, *, status: int = 200, **context: object
) -> HttpResponse:
    shown = plain_rules(viewer.sight, clock.now())
    changes = [(one, changed(one)) for one in shown.changes] if shown else []
    # One form for many rules: without an id, which would be there as often.
    form = ReviewForm(auto_id=False)
    context |= {"viewer": viewer, "shown": shown, "changes": changes, "form": form}
    return render(request, "leaddistrib/rules.html", context, status=status)


def changed(one: Difference) -> list[tuple[str, str, str]]:
    """What changed in a rule of both versions: of what, what it was, what it is."""
    if one.old is None or one.new is None:
        return []
    words = {
        "name": (_("Name"), one.old.name, one.new.name),
        "conditions": (_("Which leads"), one.old.conditions, one.new.conditions),
        "steps": (_("Where they go"), "; ".join(one.old.steps), "; ".join(one.new.steps)),
    }
    return [words[part] for part in one.changed]


def _for_reps_and_managers(viewer: Viewer) -> None:
    if viewer.rep is None and not viewer.oversees:
        raise PermissionDenied(_("This page is for reps and managers."))
