"""Leads that nobody took from a race are assigned, to some reps before others (TI1, GU5)."""

from datetime import datetime

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation, assigned_ratio, daily_limit, first_refusal

TIER = "tier"


def first_for(rep: RepFacts, moment: datetime) -> str:
    """Why such a lead is for ``rep`` before others: "tier", where the rep's tier is assigned them;
    "daily_limit" or "assigned_ratio", where that keeps the rep from races; "" if it is not."""
    if rep.auto_assigned:
        return TIER
    kept = first_refusal(rep, Situation(moment, competitive=True), (daily_limit, assigned_ratio))
    return kept.code if kept else ""
