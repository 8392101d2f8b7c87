"""The form with which a manager holds a new rep in a phase, or moves them to another one (ON2)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.lifecycle import onboarding as lifecycle
from leaddistrib.models import Onboarding, OnboardingPhase


class PhaseForm(forms.Form):
    """What is to happen, of what can happen where the rep is, and why. A phase is chosen by itself,
    so that a form that is sent twice moves nobody twice."""

    act = forms.ChoiceField(label=lazy("What is to happen?"), widget=forms.RadioSelect)
    reason = forms.CharField(label=lazy("Why?"), max_length=500)

    def __init__(
        self, *args: Any, onboarding: Onboarding, phases: Sequence[OnboardingPhase], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.onboarding, self.phases = onboarding, phases
        self.fields["act"].choices = list(self._choices())  # type: ignore[attr-defined]

    def _choices(self) -> Iterator[tuple[str, str]]:
        current = self.onboarding.phase
        if current and self.onboarding.held:
            yield "free", _("Let them go on by the calendar")
        elif current:
            yield "hold", _("Hold them in “%(phase)s”") % {"phase": current.name}
        for phase in self.phases:
            if current is None or phase.position < current.position:
                yield f"back:{phase.pk}", _("Put them back to “%(phase)s”") % {"phase": phase.name}
            elif phase.position > current.position:
                yield f"on:{phase.pk}", _("Move them on to “%(phase)s”") % {"phase": phase.name}
        if current and current == self.phases[-1]:
            yield "through", _("End their onboarding")

    @property
    def seen(self) -> str:
        """Where the rep is: what whoever sends the form has looked at."""
        now = self.onboarding
        return f"{now.phase_id or ''}:{now.since.isoformat()}:{int(now.held)}"

    def carry_out(self, by: AbstractUser) -> Onboarding:
        """Do what was chosen.

        Raises:
            WrongPhase: it does not fit where the rep is by now. The message says why.
            Busy: the database was locked through every retry; nothing was written.
        """
        rep, reason = self.onboarding.rep, self.cleaned_data["reason"]
        act, _colon, pk = self.cleaned_data["act"].partition(":")
        phase = next((one for one in self.phases if str(one.pk) == pk), None)
        match act:
            case "hold":
                return lifecycle.hold(rep, by, reason)
            case "free":
                return lifecycle.free(rep, by, reason)
            case "back":
                return lifecycle.put_back(rep, by, reason, phase)
        return lifecycle.advance(rep, by, reason, phase)
