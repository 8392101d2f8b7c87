"""What becomes of leads, in figures (DB2, OU1)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api import reporting
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import documented
from leaddistrib.api.shapes.conversion import ConversionOut
from leaddistrib.queries.conversion import By, Line, conversion
from leaddistrib.queries.periods import ConversionForm
from leaddistrib.queries.sight import leads_of


class Conversion(ApiView):
    """What becomes of leads."""

    @documented(
        "metrics_conversion",
        "Conversion of leads",
        "Leads that came in during a period, where they stand now, and in how many days they were "
        "won: by a field of theirs. Wins that are dated before their lead came in count, and are "
        "told as `early`. `stages` says by how many reps leads came to a stage, and how evenly. "
        f"{reporting.WHEN} Admins see everybody's leads, managers those of their teams.",
        answers={200: (ConversionOut, "The rows, those with most leads first.")},
        errors=(400,),
        parameters=reporting.parameters(By, By.SOURCE),
    )
    def get(self, request: Request) -> Response:
        reporting.must_oversee(self)
        form = reporting.valid(ConversionForm(request.query_params))
        found = conversion(leads_of(self.sight), form.since, form.until, form.by_asked)
        return Response(
            {
                **reporting.period(form),
                "by": str(found.by),
                "total": _figures(found.total),
                "rows": [
                    {"key": line.key, "name": line.name, **_figures(line)} for line in found.lines
                ],
                "stages": [
                    {
                        "stage": str(one.stage),
                        "leads": one.leads,
                        "reps": one.reps,
                        "gini": reporting.share(one.gini),
                    }
                    for one in found.spreads
                ],
            }
        )


def _figures(line: Line) -> dict[str, Any]:
    return {
        "leads": line.leads,
        "won": line.won,
        "lost": line.lost,
        "early": line.early,
        "rate": reporting.share(line.rate),
        "median": line.median,
        "p25": line.p25,
        "p75": line.p75,
        "p90": line.p90,
    }
