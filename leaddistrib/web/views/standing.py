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
from leaddistrib.queries.own.allocation import own_allocation
from leaddistrib.queries.own.givebacks import DAYS, own_give_backs
from leaddistrib.queries.own.phase import own_phase
from leaddistrib.queries.own.priority import own_windows
from leaddistrib.queries.own.tier import own_tier, tier_name
from leaddistrib.queries.own.waits import waits
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.outcomes import reason

PLACEMENTS = 8
"""Weeks of tiers that are shown."""


@require_safe
@signed_in
def standing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The times are the rep's own."""
    rep, now = viewer.own, clock.now()
    limits = standing_of(rep, now)
    left, windows = limits.remaining, own_windows(rep, now)
    guardrails = policy_for(GuardrailPolicy, rep.team_id)
    own, allocation, phase = own_tier(rep), own_allocation(rep, now), own_phase(rep, now)
    waiting = waits(rep, own.history[0] if own else None)
    minutes = guardrails.priority_minutes if guardrails and rep.team_id else None
    cooldown = guardrails.cooldown_hours if guardrails else None
    context = {
        "viewer": viewer,
        "now": now,
        "limits": limits,
        "reasons": [reason(refusal, rep) for refusal in limits.refusals],
        "left": left,
        "windows": windows,
        "guardrails": guardrails,
        "minutes": minutes,
        "own": own,
        "waits": waiting,
        "placements": [(one, tier_name(one)) for one in own.history[:PLACEMENTS]] if own else [],
        "allocation": allocation,
        "phase": phase,
        "given_back": own_give_backs(rep, now),
        "given_back_days": DAYS,
        "none": not (left.guarded or cooldown or minutes or own or waiting or allocation or phase),
    }
    with timezone.override(rep.zone):
        return render(request, "leaddistrib/standing.html", context)
