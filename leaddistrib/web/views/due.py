"""What managers watch: the leads that are late, and those that soon will be (SL2, DB2)."""

from collections.abc import Iterable
from hashlib import sha256

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from leaddistrib.models import Rep, ResponseClock, Team
from leaddistrib.policy import Sight
from leaddistrib.queries import clock
from leaddistrib.queries.clocks import late
from leaddistrib.queries.due import Asked, State, due
from leaddistrib.queries.overseeing import may_move, reps_overseen, teams_overseen
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import listed
from leaddistrib.web.overseeing import overview
from leaddistrib.web.reporting import paged


class DueForm(forms.Form):
    """Which of the leads that are to be answered a manager wants to see."""

    STATES = [
        ("", _("All")),
        (State.LATE, _("Late")),
        (State.SOON, _("Due within half an hour")),
        (State.STUCK, _("Nobody left to ask")),
    ]

    state = forms.ChoiceField(label=_("Which"), choices=STATES, required=False)
    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=_("All"),
    )
    rep = forms.ModelChoiceField(
        label=_("Rep"),
        queryset=Rep.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=_("All"),
    )

    def __init__(self, data: object, who: Sight) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["team"].queryset = teams_overseen(who)  # type: ignore[attr-defined]
        self.fields["rep"].queryset = reps_overseen(who)  # type: ignore[attr-defined]

    @property
    def asked(self) -> Asked:
        """What a valid form asks for."""
        given = self.cleaned_data
        state, rep, team = given["state"], given["rep"], given["team"]
        return Asked(
            State(state) if state else None,
            rep.public_id if rep else None,
            team.public_id if team else None,
        )


@require_safe
@signed_in
def late_and_due(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The list, by deadline. What is asked for wrongly is not there, so it shows nothing."""
    context = overview(viewer)
    form = DueForm(request.GET, viewer.sight)
    now = clock.now()
    clocks = due(viewer.sight, now, form.asked) if form.is_valid() else ResponseClock.objects.none()
    page = paged(request, clocks)
    shown = listed((one.lead for one in page.object_list), viewer.sight)
    context |= {
        "form": form,
        "page": page,
        "now": now,
        "state": _state(page.object_list),
        "rows": [
            (shown[one.lead_id], one, late(one, now), may_move(one.lead, viewer.sight))
            for one in page.object_list
            if one.lead_id in shown
        ],
        "filtered": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "leaddistrib/due.html", context)


def _state(clocks: Iterable[ResponseClock]) -> str:
    """Changes when the list is another one: then the page draws it anew."""
    shown = [(one.lead.public_id, one.due_at, one.reminded_at, one.stuck_at) for one in clocks]
    return sha256(repr(shown).encode()).hexdigest()[:16]
