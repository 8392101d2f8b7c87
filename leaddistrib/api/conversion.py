"""What becomes of leads, in figures (DB2, OU1)."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Parameter, documented
from leaddistrib.api.shapes.conversion import ConversionOut
from leaddistrib.events.messages import stamp
from leaddistrib.policy import Role
from leaddistrib.queries.conversion import By, Line, conversion
from leaddistrib.queries.periods import FIRST, LAST, ConversionForm
from leaddistrib.queries.sight import leads_of

DAY = {"type": "string", "format": "date"}


class Conversion(ApiView):
    """What becomes of leads."""

    @documented(
        "metrics_conversion",
        "Conversion of leads",
        "Leads that came in during a period, where they stand now, and in how many days they were "
        "won: by a field of theirs. Wins that are dated before their lead came in count, and are "
        "told as `early`. `stages` says by how many reps leads came to a stage, and how evenly. "
        f"Days from {FIRST} to {LAST}, both included, in the organisation's time zone; by default "
        "the last 30. Admins see everybody's leads, managers those of their teams.",
        answers={200: (ConversionOut, "The rows, those with most leads first.")},
        errors=(400,),
        parameters=(
            Parameter("from", "First day.", DAY),
            Parameter("to", "Last day.", DAY),
            Parameter(
                "by",
                "What the rows stand for; `source` unless said otherwise.",
                {"type": "string", "enum": [str(one) for one in By]},
            ),
        ),
    )
    def get(self, request: Request) -> Response:
        if self.sight.role is Role.REP:
            raise PermissionDenied(_("Only managers and admins read this report."))
        form = ConversionForm(request.query_params)
        if not form.is_valid():
            raise ValidationError(
                {name: list(map(str, wrong)) for name, wrong in form.errors.items()}
            )
        found = conversion(leads_of(self.sight), form.since, form.until, form.by_asked)
        return Response(
            {
                "from": stamp(form.since),
                "to": stamp(form.until),
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
                        "gini": round(one.gini, 4),
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
        "rate": None if line.rate is None else round(line.rate, 4),
        "median": line.median,
        "p25": line.p25,
        "p75": line.p75,
        "p90": line.p90,
    }
