"""A rep's own place in the race: tier, allocation, limits, priority window, onboarding (TI2, GU7).

Each part stands there only where a policy of it holds for the rep, and says what would change it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leaddistrib.models import GuardrailPolicy
from leaddistrib.queries import clock
from leaddistrib.queries.competing import policy_for
from leaddistrib.queries.inbox import standing as standing_of
from leaddistrib.queries.own.phase import own_phase
from leaddistrib.queries.own.priority import own_windows
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.outcomes import reason


@require_safe
@signed_in
def standing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The times are the rep's own."""
    rep, now = viewer.own, clock.now()
    limits = standing_of(rep, now)
    left, windows = limits.remaining, own_windows(rep, now)
    guardrails = policy_for(GuardrailPolicy, rep.team_id)
    phase = own_phase(rep, now)
    minutes = guardrails.priority_minutes if guardrails and rep.team_id else None
    context = {
        "viewer": viewer,
        "now": now,
        "limits": limits,
        "reasons": [reason(refusal, rep) for refusal in limits.refusals],
        "left": left,
        "windows": windows,
        "guardrails": guardrails,
        "minutes": minutes,
        "phase": phase,
        "none": not (left.guarded or minutes or phase),
    }
    with timezone.override(rep.zone):
        return render(request, "leaddistrib/standing.html", context)
