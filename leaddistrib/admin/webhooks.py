"""Webhooks: a source, its names for the fields, its secret, and what became of its calls (IN1)."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.fields import NamedValuesField
from leaddistrib.errors import Outdated
from leaddistrib.lifecycle.intake.renaming import is_field
from leaddistrib.lifecycle.webhooks import (
    add_webhook,
    rotate,
    set_active,
    signed_calls,
    unsigned_calls,
)
from leaddistrib.models import Webhook, WebhookCall

REASONS = {
    "inactive": lazy("the webhook is not active"),
    "secret": lazy("its secret was kept with another SECRET_KEY: rotate it"),
    "timestamp": lazy("no time, or one more than 300 seconds off"),
    "signature": lazy("no signature, or not one of this secret"),
    "parse_error": lazy("this is not JSON"),
    "unsupported_media_type": lazy("this is not JSON"),
    "idempotency_key_reused": lazy("its Idempotency-Key came before with another lead"),
}
SLACK = "slack"  # see api/hook_urls.py
EXAMPLE = '{"company": "Test", "contact": {"email": "test@example.com"}, "external_id": "test-1"}'


class WebhookForm(forms.ModelForm):
    mapping = NamedValuesField(
        label=lazy("Names of its fields"),
        help_text=lazy(
            "One per line, the sender's name, a colon and ours; points for what is nested: "
            "“properties.email: contact.email”. Fields that it calls as we do need no line. "
            "Empty: it speaks the API's own names, and nothing else."
        ),
    )

    class Meta:
        model = Webhook
        fields = ("slug", "source", "mapping")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug.lower() == SLACK:
            raise ValidationError(_("Slack's own calls come in at this address: choose another."))
        return slug

    def clean_mapping(self) -> dict[str, object]:
        mapping: dict[str, object] = self.cleaned_data["mapping"]
        for theirs, ours in mapping.items():
            if not isinstance(ours, str) or not is_field(ours):
                message = _("“%(name)s”: a lead has no field “%(field)s”.")
                raise ValidationError(message, params={"name": theirs, "field": ours})
        twice = [ours for ours in mapping.values() if list(mapping.values()).count(ours) > 1]
        if twice:
            message = _("“%(field)s” has more than one name.")
            raise ValidationError(message, params={"field": twice[0]})
        return mapping


class RotateForm(forms.Form):
    """How long the previous secret stays good, and which one that is."""

    HOURS = (
        (0, lazy("not at all: it was seen by others")),
        (1, lazy("for an hour")),
        (24, lazy("for a day")),
        (168, lazy("for a week")),
    )

    hours = forms.TypedChoiceField(
        label=lazy("The present secret stays good"), choices=HOURS, coerce=int, initial=24
    )
    known = forms.CharField(widget=forms.HiddenInput)


@admin.register(Webhook)
class WebhookAdmin(LeadDistribAdmin):
    form = WebhookForm
    list_display = ("slug", "source", "active", "last_call", "last_outcome", "old_secret")
    list_filter = ("active",)
    search_fields = ("slug", "source")
    change_form_template = "admin/leaddistrib/webhook/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        signed = WebhookCall.objects.exclude(outcome=WebhookCall.Outcome.UNSIGNED)
        newest = signed.filter(webhook=OuterRef("pk")).order_by("-pk")
        return (
            super()
            .get_queryset(request)
            .annotate(
                _called_at=Subquery(newest.values("at")[:1]),
                _outcome=Subquery(newest.values("outcome")[:1]),
            )
        )

    @admin.display(description=lazy("last call"), ordering="_called_at")
    def last_call(self, webhook: Webhook) -> Any:
        return webhook._called_at  # type: ignore[attr-defined]

    @admin.display(description=lazy("outcome"))
    def last_outcome(self, webhook: Webhook) -> Any:
        outcome = webhook._outcome  # type: ignore[attr-defined]
        return WebhookCall.Outcome(outcome).label if outcome else None

    @admin.display(description=lazy("previous secret good until"), ordering="previous_until")
    def old_secret(self, webhook: Webhook) -> Any:
        return webhook.previous_until or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The sender knows its address: it stays as it was made."""
        return ("slug", "active", "created_at", "old_secret") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("slug", "source", "mapping")
        return ("slug", "source", "mapping", ("active", "old_secret", "created_at"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj._new_secret = add_webhook(obj, actor=request.user)  # type: ignore[arg-type]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one time that the secret is shown: in the answer itself, kept nowhere on its way."""
        return self._show(request, obj, obj._new_secret)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        webhook = self.get_object(request, object_id)
        if webhook is not None:
            context |= {
                "calls": _explained(signed_calls(webhook).select_related("lead")),
                "strangers": _explained(unsigned_calls(webhook)),
                "address": self._address(request, webhook),
                "can_act": self.has_change_permission(request, webhook),
            }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        views = {"rotate": self.rotate, "activity": self.activity}
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"leaddistrib_webhook_{name}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new secret, after a question."""
        webhook = self._for_change(request, pk)
        form = RotateForm(request.POST or None, initial={"known": _mark(webhook)})
        if request.method == "POST" and form.is_valid():
            try:
                if form.cleaned_data["known"] != _mark(webhook):
                    raise Outdated
                secret = rotate(
                    webhook,
                    keep=timedelta(hours=form.cleaned_data["hours"]),
                    actor=request.user,  # type: ignore[arg-type]
                    known=bytes(webhook.secret),
                )
            except Outdated:
                text = _("The secret was rotated meanwhile. Nothing was changed.")
                self.message_user(request, text, messages.WARNING)
                return self._back(webhook)
            self.log_change(request, webhook, [{"changed": {"fields": ["secret"]}}])
            return self._show(request, webhook, secret)
        title = _("Rotate the secret of “%(name)s”") % {"name": webhook}
        return self._page(request, webhook, "webhook_rotate.html", title, form=form)

    def activity(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open or shut the door, after a question; what was asked is what is done."""
        webhook = self._for_change(request, pk)
        if request.method == "POST":
            active = request.POST.get("active") == "1"
            set_active(webhook, active, actor=request.user)  # type: ignore[arg-type]
            self.log_change(request, webhook, [{"changed": {"fields": ["active"]}}])
            text = _("“%(name)s” takes leads.") if active else _("“%(name)s” takes no leads.")
            self.message_user(request, text % {"name": webhook}, messages.SUCCESS)
            return self._back(webhook)
        asked = _("Deactivate “%(name)s”") if webhook.active else _("Activate “%(name)s”")
        title = asked % {"name": webhook}
        return self._page(request, webhook, "webhook_activity.html", title)

    def _for_change(self, request: HttpRequest, pk: int) -> Webhook:
        webhook = get_object_or_404(Webhook, pk=pk)
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def _address(self, request: HttpRequest, webhook: Webhook) -> str:
        path = reverse("leaddistrib:hook", kwargs={"slug": webhook.slug})
        return request.build_absolute_uri(path)

    def _back(self, webhook: Webhook) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:leaddistrib_webhook_change", args=[webhook.pk]))

    def _show(self, request: HttpRequest, webhook: Webhook, secret: str) -> HttpResponse:
        title = _("The secret of “%(name)s”") % {"name": webhook}
        response = self._page(request, webhook, "webhook_secret.html", title, secret=secret)
        response["Cache-Control"] = "no-store, private"
        return response

    def _page(
        self, request: HttpRequest, webhook: Webhook, template: str, title: str, **context: object
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": webhook,
            "title": title,
            "media": self.media,
            "address": self._address(request, webhook),
            "example": EXAMPLE,
            **context,
        }
        return TemplateResponse(request, f"leaddistrib/admin/{template}", whole)


def _explained(calls: Iterable[WebhookCall]) -> list[tuple[WebhookCall, str]]:
    """Each call with why it brought no lead."""
    return [(call, str(REASONS.get(call.reason, call.reason))) for call in calls]


def _mark(webhook: Webhook) -> str:
    """Tells this secret from the next, and nothing about it."""
    return hashlib.sha256(bytes(webhook.secret)).hexdigest()
