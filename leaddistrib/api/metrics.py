"""Figures over many leads (DB2, FA1)."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api import reporting
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Example, documented
from leaddistrib.api.shapes.metrics import DistributionOut
from leaddistrib.policy import Role
from leaddistrib.queries.distribution import By, Line, distribution
from leaddistrib.queries.periods import PeriodForm

SHOWN = {
    "from": "2026-10-31T23:00:00Z",
    "to": "2026-11-30T23:00:00Z",
    "by": "team",
    "gini": {"among": 0.211, "roster": 0.3238, "holders": 30, "everybody": 35},
    "total": {
        "volume": 300,
        "share": 1.0,
        "closed": 200,
        "won": 126,
        "conversion": 0.63,
        "value": {"EUR": "120500.00"},
        "response": 412.5,
        "sla": 0.8103,
    },
    "rows": [],
}


class Distribution(ApiView):
    """How leads are spread."""

    @documented(
        "metrics_distribution",
        "Distribution of leads",
        "Assignments that began in a period, by rep, team, source, rule or method: volume, share, "
        "conversion (won of those won or lost), value of what was won, by currency, and the Gini "
        "coefficient over the reps with any and over the whole roster: 0 when all have the same. "
        f"{reporting.WHEN} "
        "Admins see everybody, managers the reps of their teams, reps their own row, "
        "which is their total, and their team's spread. `response` is the mean time until the "
        "first contact, in seconds, `sla` the share answered in time of those answered or lapsed.",
        answers={200: (DistributionOut, "The rows, the largest first.")},
        errors=(400,),
        parameters=reporting.parameters(By, By.REP),
        examples=(Example("By team", SHOWN, 200),),
    )
    def get(self, request: Request) -> Response:
        form = reporting.valid(PeriodForm(request.query_params))
        role, rep = self.sight.role, self.sight.rep
        teams = None if role is Role.ADMIN else self.sight.managed_teams
        if role is Role.REP and rep is not None:
            if form.by_asked is not By.REP:
                raise PermissionDenied(_("Reps see their own share only."))
            teams = frozenset({rep.team_id} if rep.team_id else ())
        report = distribution(form.scope(teams), form.by_asked)
        lines, total = report.lines, report.total
        if role is Role.REP and rep is not None:
            # A total of the team less the own row would be the colleagues'.
            own = str(rep.public_id)
            lines = tuple(line for line in lines if line.key == own)
            total = lines[0] if lines else Line(own, rep.name, 0, 0.0)
        return Response(
            {
                **reporting.period(form),
                "by": str(report.by),
                "gini": {
                    "among": round(report.spread.among, 4),
                    "roster": round(report.spread.roster, 4),
                    "holders": report.spread.holders,
                    "everybody": report.spread.everybody,
                },
                "total": _figures(total),
                "rows": [{"key": line.key, "name": line.name, **_figures(line)} for line in lines],
            }
        )


def _figures(line: Line) -> dict[str, Any]:
    return {
        "volume": line.volume,
        "share": reporting.share(line.share),
        "closed": line.closed,
        "won": line.won,
        "conversion": reporting.share(line.conversion),
        "value": {currency: str(amount) for currency, amount in line.value.items()},
        "response": reporting.seconds(line.answers.mean),
        "sla": reporting.share(line.answers.share_in_time),
    }
