"""Which version is in force: published, scheduled, rolled back to, with what it changes (RU3)."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DateRangeFilter
from leaddistrib.admin.rulelist import Findings, findings_of
from leaddistrib.admin.rulesetpages import RuleSetPages, address, is_draft, published
from leaddistrib.errors import InvalidRules, Outdated
from leaddistrib.lifecycle.publishing import put_in_force, roll_back, schedule, unschedule
from leaddistrib.models import Publication, RuleSet
from leaddistrib.queries import audit, rulebook
from leaddistrib.queries.differences import differences


class PublishForm(forms.Form):
    """Now, or at a moment; and that the warnings were read."""

    at = forms.DateTimeField(
        label=lazy("Comes into force"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    def __init__(self, data: Any, findings: Findings) -> None:
        super().__init__(data)
        self.findings = findings
        self.outdated = False
        if findings.warnings:
            self.fields["acknowledged"] = forms.CharField(
                required=True,
                error_messages={"required": _("Confirm that you have read the warnings.")},
            )

    def clean_acknowledged(self) -> str:
        """Warnings that came up while the page was open have not been read."""
        given = str(self.cleaned_data["acknowledged"])
        if given != fingerprint(self.findings):
            raise forms.ValidationError(_("The warnings have changed. Read them again."))
        return given


def fingerprint(findings: Findings) -> str:
    """What tells these warnings from others."""
    return sha256("\n".join(sorted(findings.warnings)).encode()).hexdigest()[:16]


class PublishingPages(RuleSetPages):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.view("publish/", self.publish, "publish"),
            self.view("unschedule/", self.unschedule, "unschedule"),
            self.view("roll-back/", self.roll_back, "rollback"),
            *super().get_urls(),
        ]

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What will be in force and what it changes, to be confirmed, now or for a moment."""
        ruleset = self.to_change(request, pk)
        findings = findings_of(ruleset)
        form = PublishForm(request.POST if request.method == "POST" else None, findings)
        if form.is_bound and form.is_valid() and not findings.errors:
            later = "schedule" in request.POST
            if later and not form.cleaned_data["at"]:
                form.add_error("at", _("Choose a moment that is still to come."))
            else:
                at = form.cleaned_data["at"] if later else None
                try:
                    return self._put_in_force(request, ruleset, at)
                except Outdated:
                    form.outdated = True
                except InvalidRules as error:
                    form.add_error("at" if later else None, list(map(str, error.problems.values())))
        return self.to_confirm(
            request,
            "publish.html",
            ruleset,
            _("Publish version %(version)d") % {"version": ruleset.version},
            outdated=form.outdated,
            form=form,
            findings=findings,
            fingerprint=fingerprint(findings),
        )

    def to_confirm(
        self,
        request: HttpRequest,
        template: str,
        ruleset: RuleSet,
        title: str,
        *,
        outdated: bool,
        **context: Any,
    ) -> HttpResponse:
        """What will be in force and what that changes, as it is now. Where it is ``outdated``, not
        what was confirmed, with what happened since."""
        seen = request.POST.get("seen", "")[:18]  # as many digits as a database's number holds
        edits = audit.edits(ruleset, int(seen)) if outdated and seen.isdecimal() else []
        before = published()
        return self.show(
            request,
            template,
            ruleset,
            title,
            **context,
            # Before what is shown is read: an edit in between is one that was not seen.
            confirmed=rulebook.fingerprint(ruleset),
            seen=audit.latest_edit(ruleset),
            published=before,
            differences=differences(before, ruleset) if before else [],
            outdated=outdated,
            edits=edits,
        )

    def _put_in_force(
        self, request: HttpRequest, ruleset: RuleSet, at: datetime | None
    ) -> HttpResponse:
        actor: Any = request.user
        confirmed = request.POST.get("confirmed", "")
        if at is None:
            put_in_force(ruleset, actor=actor, confirmed=confirmed)
            self.log_act(request, ruleset, "status")
            text = _("Version %(version)d is in force.") % {"version": ruleset.version}
        else:
            schedule(ruleset, at, actor=actor, confirmed=confirmed)
            self.log_act(request, ruleset, "scheduled_at")
            text = _("Version %(version)d comes into force on %(moment)s.") % {
                "version": ruleset.version,
                "moment": date_format(localtime(at), "DATETIME_FORMAT"),
            }
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(address(ruleset))

    @method_decorator(require_POST)
    def unschedule(self, request: HttpRequest, pk: int) -> HttpResponse:
        ruleset = self.to_look_at(request, pk)
        if not self.may_publish(request):
            raise PermissionDenied
        try:
            unschedule(ruleset, actor=request.user)  # type: ignore[arg-type]
        except InvalidRules as error:
            return self.refuse(request, ruleset, error)
        self.log_act(request, ruleset, "scheduled_at")
        text = _("Version %(version)d does not come into force by itself any more.")
        self.message_user(request, text % {"version": ruleset.version}, messages.SUCCESS)
        return HttpResponseRedirect(address(ruleset))

    def roll_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes when this version comes back, to be confirmed."""
        ruleset = self.to_look_at(request, pk)
        if not self.may_publish(request) or is_draft(ruleset):
            raise PermissionDenied
        outdated = False
        if request.method == "POST":
            confirmed = request.POST.get("confirmed", "")
            try:
                roll_back(ruleset, actor=request.user, confirmed=confirmed)  # type: ignore[arg-type]
            except Outdated:
                outdated = True
            except InvalidRules as error:
                return self.refuse(request, ruleset, error)
            else:
                self.log_act(request, ruleset, "status")
                text = _("Version %(version)d is in force again.") % {"version": ruleset.version}
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(address(ruleset))
        title = _("Roll back to version %(version)d") % {"version": ruleset.version}
        return self.to_confirm(request, "roll_back.html", ruleset, title, outdated=outdated)


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """Who put which version in force, and when."""

    list_display = ("at", "kind", "ruleset", "by")
    list_select_related = ("ruleset", "by")
    list_filter = ("kind", ("at", DateRangeFilter))
    search_fields = ("ruleset__version", "by__username")
    ordering = ("-at", "-id")
