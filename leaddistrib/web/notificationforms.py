"""How somebody wants to be told, as a form (NO4)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leaddistrib import conf
from leaddistrib.lifecycle.intake.fields import phone as international
from leaddistrib.models import NotificationSettings


class WaysForm(forms.ModelForm):
    """By which channels, and in which hours not."""

    class Meta:
        model = NotificationSettings
        fields = ("push", "email", "sms", "slack", "phone", "quiet_from", "quiet_until")
        # The page says it: once for both ends, and how it stands with SMS and Slack.
        help_texts = {"quiet_from": "", "slack": "", "sms": ""}
        widgets = {
            "phone": forms.TextInput(
                attrs={"type": "tel", "autocomplete": "tel", "placeholder": "+33 6 12 34 56 78"}
            ),
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def clean_phone(self) -> str:
        """The number in E.164: "06 12 34 56 78" is read in the setting PHONE_REGION."""
        given = str(self.cleaned_data["phone"] or "")
        return international(given, conf.settings.PHONE_REGION)[0] if given.strip() else ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("sms") and "phone" in cleaned and not cleaned["phone"]:
            self.add_error("phone", _("Text messages need a number to go to."))
        return cleaned
