"""How tiers do, and how many leads reps give back, in figures (TI3, RA4)."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api import reporting
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Parameter, documented
from leaddistrib.api.response import WHOSE
from leaddistrib.api.shapes.tiers import GiveBacksOut, TiersOut
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.givebacks import give_backs, reasons
from leaddistrib.queries.periods import DaysForm, TiersForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.queries.tiermetrics import Line, tier_metrics


class Tiers(ApiView):
    """How tiers do."""

    @documented(
        "metrics_tiers",
        "Tiers",
        "For each team that a tier policy holds for, and each of its tiers: revenue, deal size, "
        "conversion, mean response, contact rate and qualification accuracy of the leads that reps "
        "got in a period, by the tier that the rep was in then. `measured_by` says which of the "
        f"six the tier is to be judged by. Money is by currency. {reporting.WHEN} "
        "Admins see all teams, managers their own.",
        answers={200: (TiersOut, "The teams, by name, the highest tier first.")},
        errors=(400,),
        parameters=(
            *reporting.DAYS,
            Parameter("team", "One team, by its id.", {"type": "string", "format": "uuid"}),
        ),
    )
    def get(self, request: Request) -> Response:
        reporting.must_oversee(self)
        form = reporting.valid(TiersForm(request.query_params, self.sight))
        return Response(
            {
                **reporting.period(form),
                "teams": [
                    {"key": team.key, "name": team.name, "tiers": list(map(_tier, team.lines))}
                    for team in tier_metrics(form.asked)
                ],
            }
        )


class GiveBacks(ApiView):
    """How many leads reps give back."""

    @documented(
        "metrics_give_backs",
        "Leads given back",
        "For each rep the leads that the rep claimed and was handed in a period, how many of them "
        "the rep gave back since, and the reasons that were said most often; to managers those of "
        f"leads that are still theirs to see. {reporting.WHEN} {WHOSE}",
        answers={200: (GiveBacksOut, "The reps, by name.")},
        errors=(400,),
        parameters=reporting.DAYS,
    )
    def get(self, request: Request) -> Response:
        form = reporting.valid(DaysForm(request.query_params))
        teams, reps = reporting.whose(self)
        scope = Scope(form.since, form.until, teams)
        # Of a lead that another team has by now they see a preview, and no words of a rep.
        theirs = Q(owner=None) | Q(owner__team__in=self.sight.managed_teams)
        known = None if teams is None else leads_of(self.sight).filter(theirs)
        said = reasons(scope, reps, of=known)
        return Response(
            {
                **reporting.period(form),
                "rows": [
                    {
                        "key": line.key,
                        "name": line.name,
                        "claimed": _back(line.claimed, line.claimed_back, line.claimed_rate),
                        "handed_out": _back(
                            line.handed_out, line.handed_out_back, line.handed_out_rate
                        ),
                        "reasons": [
                            {"reason": reason, "number": number}
                            for reason, number in said.get(line.key, ())
                        ],
                    }
                    for line in give_backs(scope, reps)
                ],
            }
        )


def _tier(line: Line) -> dict[str, Any]:
    one = line.figures
    return {
        "level": line.level,
        "name": line.name,
        "reps": line.reps,
        "measured_by": sorted(map(str, line.measures)),
        "leads": one.leads,
        "won": one.won,
        "conversion": reporting.share(one.conversion),
        "revenue": {currency: str(amount) for currency, amount in one.revenue.items()},
        "deals": dict(one.deals),
        "deal_size": {currency: str(amount) for currency, amount in one.deal_size.items()},
        "started": one.started,
        "answered": one.answered,
        "response": reporting.seconds(one.response),
        "contact_rate": reporting.share(one.contact_rate),
        "judged": one.judged,
        "right": one.right,
        "accuracy": reporting.share(one.accuracy),
    }


def _back(leads: int, given_back: int, rate: float | None) -> dict[str, Any]:
    return {"leads": leads, "given_back": given_back, "rate": reporting.share(rate)}
