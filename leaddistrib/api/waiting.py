"""How long customers wait for a first contact (SL4, DB2)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api import reporting
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Example, documented
from leaddistrib.api.shapes.metrics import WaitingOut
from leaddistrib.queries.periods import WaitingForm
from leaddistrib.queries.response import By
from leaddistrib.queries.waiting import Line, waiting

SHOWN = {
    "from": "2026-10-31T23:00:00Z",
    "to": "2026-11-30T23:00:00Z",
    "by": "source",
    "total": {
        "leads": 300,
        "answered": 280,
        "waiting": 12,
        "closed": 8,
        "median": 540.0,
        "p90": 9780.0,
        "within_5": 0.3904,
        "within_60": 0.8151,
    },
    "rows": [],
}


class Waiting(ApiView):
    """How long customers wait."""

    @documented(
        "metrics_waiting",
        "Waiting times",
        "Leads that came in during a period, and how long it took until anybody was in touch, "
        "through every pool and every rep who had them: by source, lead type, hour of the day in "
        "which they came in, or rep or team of the first contact, with the row `nobody` of those "
        "without one; for managers those of other teams are the row `others`. "
        "`median` and `p90` are the seconds within which half and nine in ten of the "
        "answered ones were. `waiting` are open and not answered yet, `closed` were closed "
        "without a contact; shares are of all but these. Leads that were imported with their "
        f"history are left out. {reporting.WHEN} Admins see everybody's leads, managers those of "
        "their teams and their teams' pools.",
        answers={200: (WaitingOut, "The rows, those with most leads first; hours in their order.")},
        errors=(400,),
        parameters=reporting.parameters(By, By.SOURCE),
        examples=(Example("By source", SHOWN, 200),),
    )
    def get(self, request: Request) -> Response:
        reporting.must_oversee(self)
        form = reporting.valid(WaitingForm(request.query_params))
        found = waiting(form.asked(self.sight), form.by_asked)
        rows = [{"key": line.key, "name": line.name, **_figures(line)} for line in found.lines]
        return Response(
            {
                **reporting.period(form),
                "by": str(found.by),
                "total": _figures(found.total),
                "rows": rows,
            }
        )


def _figures(line: Line) -> dict[str, Any]:
    return {
        "leads": line.leads,
        "answered": line.answered,
        "waiting": line.waiting,
        "closed": line.closed,
        "median": reporting.seconds(line.median),
        "p90": reporting.seconds(line.p90),
        "within_5": reporting.share(line.share(line.within_5)),
        "within_60": reporting.share(line.share(line.within_60)),
    }
