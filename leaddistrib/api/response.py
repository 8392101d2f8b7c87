"""How soon leads are answered, and how fast they are claimed (SL4, RA3, NO3)."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api import reporting
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Example, documented
from leaddistrib.api.shapes.metrics import ClaimSpeedOut, ResponsesOut
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.periods import DaysForm, ResponseForm
from leaddistrib.queries.response import By, Line, responses
from leaddistrib.queries.speed import Line as SpeedLine
from leaddistrib.queries.speed import Receipts, speed

WHOSE = "Admins see everybody, managers the reps of their teams, reps their own figures."
SHOWN = {
    "from": "2026-10-31T23:00:00Z",
    "to": "2026-11-30T23:00:00Z",
    "by": "source",
    "total": {
        "started": 300,
        "answered": 280,
        "mean": 412.5,
        "in_time": 0.8103,
        "within_5": 0.6241,
        "within_60": 0.9517,
        "lapsed": 10,
        "longest_run": 23,
    },
    "rows": [],
}


class Responses(ApiView):
    """How soon leads are answered."""

    @documented(
        "metrics_response",
        "Response times",
        "Leads that somebody got in a period, and how soon they were in touch: by rep, team, "
        "source, lead type, or hour of the day in which they got them. `mean` is in seconds, of "
        "those that were answered. Shares are of those that were answered or lapsed: `in_time` "
        "within what their response policy asks for, the others within 5 and 60 minutes. "
        "`longest_run` is the longest run of answers within ten minutes ever; null where the row "
        f"is no rep or team. {reporting.WHEN} {WHOSE} Reps cannot ask by team.",
        answers={200: (ResponsesOut, "The rows, the largest first; hours in their order.")},
        errors=(400,),
        parameters=reporting.parameters(By, By.REP),
        examples=(Example("By source", SHOWN, 200),),
    )
    def get(self, request: Request) -> Response:
        form = reporting.valid(ResponseForm(request.query_params))
        teams, reps = reporting.whose(self)
        if reps is not None and form.by_asked is By.TEAM:
            raise PermissionDenied(_("Reps see their own share only."))
        report = responses(form.asked(teams, reps), form.by_asked)
        return Response(
            {
                **reporting.period(form),
                "by": str(report.by),
                "total": _figures(report.total),
                "rows": [
                    {"key": line.key, "name": line.name, **_figures(line)} for line in report.lines
                ],
            }
        )


class ClaimSpeed(ApiView):
    """How fast reps claim what they are told of."""

    @documented(
        "metrics_claim_speed",
        "Claim speed",
        "For each rep the attempts to claim in a period by their result, and the median seconds "
        "from being told of a lead until the message was delivered, until it was seen and until "
        "the claim, of those that won or lost; and the same receipts of leads that were handed "
        f"out. Null: nothing was stamped. {reporting.WHEN} {WHOSE}",
        answers={200: (ClaimSpeedOut, "The reps, by name.")},
        errors=(400,),
        parameters=reporting.DAYS,
    )
    def get(self, request: Request) -> Response:
        form = reporting.valid(DaysForm(request.query_params))
        teams, reps = reporting.whose(self)
        lines = speed(Scope(form.since, form.until, teams), reps)
        return Response(
            {
                **reporting.period(form),
                "rows": [_speeds(line) for line in lines],
            }
        )


def _figures(line: Line) -> dict[str, Any]:
    return {
        "started": line.sums.started,
        "answered": line.sums.answered,
        "mean": reporting.seconds(line.mean),
        "in_time": reporting.share(line.in_time),
        "within_5": reporting.share(line.within_5),
        "within_60": reporting.share(line.within_60),
        "lapsed": line.sums.lapsed,
        "longest_run": line.longest,
    }


def _speeds(line: SpeedLine) -> dict[str, Any]:
    return {
        "key": line.key,
        "name": line.name,
        "won": line.attempts.get("won", 0),
        "lost": line.attempts.get("lost", 0),
        "refused": line.attempts.get("refused", 0),
        **_receipts(line.claims),
        "claimed": reporting.seconds(line.claims.claimed),
        "handed_out": {"leads": line.handed_out, **_receipts(line.receipts)},
    }


def _receipts(receipts: Receipts) -> dict[str, float | None]:
    return {
        "delivered": reporting.seconds(receipts.delivered),
        "seen": reporting.seconds(receipts.seen),
    }
