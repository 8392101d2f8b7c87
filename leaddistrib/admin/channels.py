"""Providers of channels, and the rooms of teams in Slack and Teams (NO1)."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.channelforms import FIELDS, GatewayForm, TeamChatForm, is_ready
from leaddistrib.lifecycle.gateways import make_push_keys, send_test_by, send_test_to_chat
from leaddistrib.models import Channel, Gateway, OutboxMessage, PushSubscription, TeamChat
from leaddistrib.notify.links import absolute
from leaddistrib.notify.push.keys import public_of


class SetUpAdmin(LeadDistribAdmin):
    """A page with acts beside its form, each by POST: ``acts`` are their names."""

    acts: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        own = f"leaddistrib_{self.opts.model_name}"
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(getattr(self, name)),
                    name=f"{own}_{name}",
                )
                for name in self.acts
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        obj = self.get_object(request, object_id)
        can_act = obj is not None and self.has_change_permission(request, obj)
        context = {**(extra_context or {}), "can_act": can_act}
        if obj is not None:
            name = f"admin:leaddistrib_{self.opts.model_name}_test"
            context["test_url"] = reverse(name, args=[obj.pk])
            context["interactivity"] = absolute(reverse("leaddistrib:slack-pressed"))
        return super().change_view(request, object_id, form_url, context)

    def for_change(self, request: HttpRequest, pk: int) -> Any:
        """The row that is acted on. Raises Http404, PermissionDenied."""
        obj = get_object_or_404(self.model, pk=pk)
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def tell_of_test(self, request: HttpRequest, sent: OutboxMessage) -> None:
        """Say that a test message is on its way, and where its row says what came of it."""
        text = _("A test message is on its way.")
        if request.user.has_perm("leaddistrib.view_outboxmessage"):
            row = reverse("admin:leaddistrib_outboxmessage_change", args=[sent.pk])
            text = format_html('{} <a href="{}">{}</a>', text, row, _("What comes of it"))
        self.message_user(request, text, messages.SUCCESS)

    def back(self, pk: int) -> HttpResponse:
        name = f"admin:leaddistrib_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[pk]))


@admin.register(Gateway)
class GatewayAdmin(SetUpAdmin):
    form = GatewayForm
    list_display = ("channel", "active", "address", "sender", "ready")
    change_form_template = "admin/leaddistrib/gateway/change_form.html"
    acts = ("keys", "test")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("channel", "sender", "address", "token", "signing_secret")
        shown = ("public_key",) if obj.channel == Channel.PUSH else ()
        return ("channel", "active", *FIELDS[Channel(obj.channel)], *shown)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("channel", "public_key") if obj else ()

    @admin.display(description=lazy("secrets"), boolean=True)
    def ready(self, gateway: Gateway) -> bool:
        return is_ready(gateway)

    @admin.display(description=lazy("public key"))
    def public_key(self, gateway: Gateway) -> str:
        return public_of(gateway) or "–"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.channel == Channel.PUSH and not change:
            make_push_keys(obj, actor=request.user)  # type: ignore[arg-type]

    def keys(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new pair of keys for push, after a question: every device is forgotten with it."""
        gateway = self.for_change(request, pk)
        if gateway.channel != Channel.PUSH:
            raise PermissionDenied
        if request.method == "POST":
            gone = make_push_keys(gateway, actor=request.user)  # type: ignore[arg-type]
            self.log_change(request, gateway, [{"changed": {"fields": ["keys"]}}])
            text = ngettext(
                "New keys are made. %(count)d browser has to subscribe again.",
                "New keys are made. %(count)d browsers have to subscribe again.",
                gone,
            )
            self.message_user(request, text % {"count": gone}, messages.SUCCESS)
            return self.back(pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": gateway,
            "title": _("New keys for push notifications"),
            "media": self.media,
            "devices": PushSubscription.objects.count(),
        }
        return TemplateResponse(request, "leaddistrib/admin/push_keys.html", context)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A test message to whoever asks for it. Slack is tried in a room."""
        return require_POST(self._test)(request, pk)

    def _test(self, request: HttpRequest, pk: int) -> HttpResponse:
        gateway = self.for_change(request, pk)
        if gateway.channel == Channel.SLACK:
            raise PermissionDenied
        sent = send_test_by(Channel(gateway.channel), request.user)  # type: ignore[arg-type]
        self.tell_of_test(request, sent)
        return self.back(pk)


@admin.register(TeamChat)
class TeamChatAdmin(SetUpAdmin):
    form = TeamChatForm
    list_display = ("name", "team", "channel", "room", "host", "active")
    list_filter = ("channel", "active")
    list_select_related = ("team",)
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)
    change_form_template = "admin/leaddistrib/teamchat/change_form.html"
    acts = ("test",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("team", "channel", "name", "room", "address", "language")
        where = ("room",) if obj.channel == Channel.SLACK else ("host", "address")
        return ("team", "channel", "name", *where, "language", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("channel", "host") if obj else ()

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A test message into the room."""
        return require_POST(self._test)(request, pk)

    def _test(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.tell_of_test(request, send_test_to_chat(self.for_change(request, pk)))
        return self.back(pk)
