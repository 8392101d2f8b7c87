"""A rep's own place in the race, as the page of that name has it (GU7, TI2, ON2)."""

from dataclasses import asdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import documented
from leaddistrib.api.representing import reasons_document
from leaddistrib.api.shapes.standing import StandingOut
from leaddistrib.events.messages import stamp
from leaddistrib.queries import clock
from leaddistrib.queries.inbox import standing
from leaddistrib.queries.own.called import tier_called
from leaddistrib.queries.own.phase import OwnPhase, own_phase
from leaddistrib.queries.own.priority import own_windows
from leaddistrib.queries.own.remaining import Cold, Left, Ratio, Remaining


class OwnStanding(ApiView):
    """Where the caller stands."""

    @documented(
        "me_standing",
        "Own place in the race",
        "The tier, what is left of each limit, the priority windows and the phase of onboarding of "
        "the rep who calls, and what stands against any claim now.",
        answers={200: (StandingOut, "Null for each part of which no policy holds.")},
    )
    def get(self, request: Request) -> Response:
        rep, now = self.rep, clock.now()
        own, windows = standing(rep, now), own_windows(rep, now)
        phase = own_phase(rep, now)
        return Response(
            {
                "tier": rep.tier,
                "tier_name": tier_called(rep),
                "limits": _limits(own.remaining),
                "windows": [
                    {"starts_at": stamp(one.starts_at), "ends_at": stamp(one.ends_at)}
                    for one in (windows.today, windows.next)
                    if one
                ],
                "phase": _phase(phase) if phase else None,
                "reasons": reasons_document(own.refusals),
            }
        )


def _limits(left: Remaining) -> dict[str, Any]:
    return {
        name: _left(getattr(left, name)) for name in ("today", "hot", "assigned", "cold", "week")
    }


def _left(one: Left | Ratio | Cold | None) -> dict[str, Any] | None:
    if one is None:
        return None
    told = {**asdict(one), "left": one.left}
    if isinstance(one, Left):
        told["anew_at"] = stamp(one.anew_at)
    return told


def _phase(phase: OwnPhase) -> dict[str, Any]:
    return {
        "name": phase.name,
        "since": phase.since.isoformat(),
        "until": phase.until.isoformat() if phase.until else None,
        "holds": list(phase.holds),
        "next": phase.next,
    }
