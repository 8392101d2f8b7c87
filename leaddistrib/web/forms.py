"""What reps fill in."""

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import Contact


class ReleaseForm(forms.Form):
    """Why a lead is given back (RA4)."""

    reason = forms.CharField(
        label=_("Why do you give it back?"),
        max_length=500,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
    )


class NextForm(forms.Form):
    """The key with which a rep asks for the next lead, once (RA5)."""

    key = forms.UUIDField()


class ContactForm(forms.Form):
    """How a rep is in touch with a lead (SL2): with ``go``, the telephone, the e-mail program or a
    text message comes next; ``template`` is the first message that is written, ``booking`` that
    it is the rep's booking page."""

    channel = forms.ChoiceField(choices=Contact.Channel.choices)
    note = forms.CharField(max_length=500, required=False)
    go = forms.BooleanField(required=False)
    template = forms.IntegerField(required=False)
    booking = forms.BooleanField(required=False)


class UndoContactForm(forms.Form):
    """Which contact is taken back, and whether it was an attempt that nobody answered."""

    contact = forms.IntegerField()
    unanswered = forms.BooleanField(required=False)


class CloseForm(forms.Form):
    """What came of a lead, as far as the rep cares to say. What was no real lead gives the turn
    that it took back (PU7)."""

    CREDITS = [
        ("", _("I am done with it")),
        ("duplicate", _("It is a duplicate")),
        ("invalid", _("It is no real lead")),
        ("no_show", _("Nobody came to the meeting")),
    ]

    credit = forms.ChoiceField(label=_("Why?"), choices=CREDITS, required=False)
    reason = forms.CharField(
        label=_("What came of it? (optional)"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
    )


class BookingForm(forms.Form):
    """Where customers book a meeting with the rep (SL5)."""

    booking_url = forms.URLField(
        label=_("Your booking page"),
        required=False,
        max_length=300,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=_("Where customers pick a time with you. It goes into your first messages."),
    )


class LanguageForm(forms.Form):
    """In which language to read; empty follows the browser (UI4)."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=lambda: [("", _("As my browser")), *settings.LANGUAGES],
    )


class LeadFilterForm(forms.Form):
    """Which of the leads they look after a manager wants to see."""

    STATUSES = [
        ("", _("All")),
        ("waiting", _("Waiting")),
        ("owned", _("Owned")),
        ("untouched", _("Owned, not contacted")),
        ("closed", _("Closed")),
    ]

    company = forms.CharField(label=_("Company"), max_length=100, required=False)
    status = forms.ChoiceField(label=_("Status"), choices=STATUSES, required=False)
