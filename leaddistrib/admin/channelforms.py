"""Forms of providers and rooms. Secrets are written, never shown: an empty field keeps them."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib import conf
from leaddistrib.fetching import NotFetched, check_address
from leaddistrib.lifecycle.gateways import keep_address, keep_secrets
from leaddistrib.models import Channel, Gateway, TeamChat
from leaddistrib.notify.gateways import secrets_of
from leaddistrib.notify.push.keys import PRIVATE
from leaddistrib.notify.slack.calling import API, SIGNING, TOKEN

ROOM = re.compile(r"[CGD][A-Z0-9]{5,29}")
NOT_ALLOWED = {
    "not_https": lazy("Write an address that begins with https://."),
    "host_not_allowed": lazy("Messages are not sent to this server: see the settings *_HOSTS."),
    "address_not_allowed": lazy("This server is not on the public internet."),
}
FIELDS = {
    Channel.PUSH: ("sender",),
    Channel.SMS: ("address", "sender", "token"),
    Channel.SLACK: ("address", "token", "signing_secret"),
}
"""What each provider has to be told."""
SECRETS = {Channel.PUSH: (PRIVATE,), Channel.SMS: (TOKEN,), Channel.SLACK: (TOKEN, SIGNING)}
"""What is sealed with each provider."""
HOSTS = {
    Channel.SMS: "SMS_HOSTS",
    Channel.SLACK: "SLACK_HOSTS",
    Channel.TEAMS: "TEAMS_HOSTS",
}


def is_ready(gateway: Gateway) -> bool:
    """Whether a provider has what it needs, and it can still be opened."""
    kept = secrets_of(gateway)
    return all(kept.get(name) for name in SECRETS[Channel(gateway.channel)])


class SecretField(forms.CharField):
    """A secret: typed in, and never in a page again."""

    def __init__(self, **options: Any) -> None:
        given = {
            "required": False,
            "max_length": 500,
            "help_text": lazy("Kept encrypted and never shown. Empty: what is kept stays."),
            "widget": forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        }
        super().__init__(**{**given, **options})


class GatewayForm(forms.ModelForm):
    token = SecretField(label=lazy("token"))
    signing_secret = SecretField(label=lazy("signing secret"))

    class Meta:
        model = Gateway
        fields = ("channel", "active", "sender")  # and the address, as the admin site makes it

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel = cleaned.get("channel") or self.instance.channel
        needs = {
            Channel.PUSH: self._clean_push,
            Channel.SMS: self._clean_sms,
            Channel.SLACK: self._clean_slack,
        }
        if channel in needs:
            needs[Channel(channel)](cleaned)
        return cleaned

    def _clean_push(self, cleaned: dict[str, Any]) -> None:
        try:
            validate_email(cleaned.get("sender", ""))
        except ValidationError:
            text = _("Push services want an e-mail address where they can reach you.")
            self.add_error("sender", text)

    def _clean_sms(self, cleaned: dict[str, Any]) -> None:
        self._require("address", cleaned.get("address"))
        self._require("sender", cleaned.get("sender"))
        self._require("token", cleaned.get("token") or self._kept(TOKEN))
        self._require_anew("token", cleaned)
        check_host(self, "address", cleaned.get("address", ""), Channel.SMS)

    def _clean_slack(self, cleaned: dict[str, Any]) -> None:
        self._require("token", cleaned.get("token") or self._kept(TOKEN))
        self._require_anew("token", cleaned)
        self._require("signing_secret", cleaned.get("signing_secret") or self._kept(SIGNING))
        check_host(self, "address", cleaned.get("address", ""), Channel.SLACK)

    def _require(self, name: str, value: object) -> None:
        if not value and name in self.fields and name not in self.errors:
            self.add_error(name, ValidationError(_("This field is required."), code="required"))

    def _require_anew(self, name: str, cleaned: dict[str, Any]) -> None:
        """A secret that nobody may read is not sent to another server either, unless whoever names
        the server knows it."""
        former, now = self.initial.get("address", ""), cleaned.get("address", "")
        moved = urlsplit(former or API).netloc != urlsplit(now or API).netloc
        if self.instance.pk and moved and not cleaned.get(name) and name not in self.errors:
            self.add_error(name, _("The address is another server’s: type the token again."))

    def _kept(self, name: str) -> str:
        return secrets_of(self.instance).get(name, "") if self.instance.pk else ""

    def save(self, commit: bool = True) -> Gateway:
        asked = FIELDS[
            Channel(self.instance.channel)
        ]  # what a browser filled in besides is no news
        given = {
            name: self.cleaned_data.get(name) or "" for name in (TOKEN, SIGNING) if name in asked
        }
        if any(given.values()):
            keep_secrets(self.instance, given)
        gateway: Gateway = super().save(commit)
        return gateway


class TeamChatForm(forms.ModelForm):
    address = SecretField(
        label=lazy("address of the workflow"),
        max_length=2000,
        help_text=lazy(
            "Teams only: “When a Teams webhook request is received” shows it. Kept encrypted and "
            "never shown. Empty: what is kept stays."
        ),
    )
    language = forms.ChoiceField(label=lazy("language"), required=False)

    class Meta:
        model = TeamChat
        fields = ("team", "channel", "name", "room", "language", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = self.fields.get("language")
        if isinstance(languages, forms.ChoiceField):
            languages.choices = [("", _("the site's")), *settings.LANGUAGES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel = cleaned.get("channel") or self.instance.channel
        room, address = cleaned.get("room", ""), cleaned.get("address", "")
        if channel == Channel.SLACK and not ROOM.fullmatch(room):
            text = _("Write the channel's id, such as C0123456789: its name may change.")
            self.add_error("room", text)
        if channel == Channel.TEAMS:
            if not address and not self.instance.secret:
                self.add_error("address", _("This field is required."))
            check_host(self, "address", address, Channel.TEAMS)
        return cleaned

    def save(self, commit: bool = True) -> TeamChat:
        if address := self.cleaned_data.get("address"):
            keep_address(self.instance, address)
        chat: TeamChat = super().save(commit)
        return chat


def check_host(form: forms.BaseForm, name: str, address: str, channel: Channel) -> None:
    """Say on the field what stands against ``address``, as far as can be told without asking it."""
    if not address or name in form.errors or name not in form.fields:
        return
    try:
        check_address(address, hosts=getattr(conf.settings, HOSTS[channel]))
    except NotFetched as error:
        form.add_error(name, str(NOT_ALLOWED[error.code]))
