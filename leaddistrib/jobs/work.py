"""What the periodic jobs do. Each is harmless when it is done again."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from django.utils import timezone

from leaddistrib.lifecycle import housekeeping as keeping
from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.lifecycle.onboarding import move_phases
from leaddistrib.lifecycle.placing import place_reps
from leaddistrib.lifecycle.prioritising import rotate
from leaddistrib.lifecycle.recycling import recycle_due
from leaddistrib.lifecycle.reviewing import remind
from leaddistrib.lifecycle.webhooks import forget_calls
from leaddistrib.lifecycle.weighting import weigh_teams
from leaddistrib.queries.consistency import findings

log = logging.getLogger(__name__)


def housekeeping(moment: datetime) -> Mapping[str, object]:
    """Delete what is no longer needed."""
    keeping.forget_sessions()
    return {
        "keys": keeping.forget_keys(moment),
        "messages": keeping.forget_messages(moment),
        "leads_behind_dry_runs": keeping.forget_leads_behind(moment),
        "webhook_calls": forget_calls(moment),
    }


def consistency(moment: datetime) -> Mapping[str, object]:
    """Compare what is kept twice, and warn of what does not agree (OP3)."""
    found = list(findings(moment))
    for finding in found:
        log.warning(
            "consistency finding=%s count=%d: %s To mend it: %s",
            finding.code,
            finding.count,
            finding.message,
            finding.remedy,
        )
    return {finding.code: finding.count for finding in found}


def weights(moment: datetime) -> Mapping[str, object]:
    """Bring the weights that follow from performance up to date, once a week (PU1)."""
    return {"changed": weigh_teams(moment)}


def allocation(moment: datetime) -> Mapping[str, object]:
    """Give reps their leads a week by last month's attainment, once a month (AL1, AL2)."""
    return asdict(allocate_reps(moment))


def priority(moment: datetime) -> Mapping[str, object]:
    """Give out the priority windows of the coming working days, once a day (GU4)."""
    return {"windows": rotate(moment)}


def tiers(moment: datetime) -> Mapping[str, object]:
    """Place reps in tiers by their figures, once a week (TI2)."""
    return place_reps(moment)


def recycling(moment: datetime) -> Mapping[str, object]:
    """Give lost and unworked leads another chance, once a day (OU2)."""
    return recycle_due(moment)


def rule_reviews(moment: datetime) -> Mapping[str, object]:
    """Remind of the rules that are to be reviewed, once a week (RU7)."""
    day = timezone.localdate(moment, timezone.get_default_timezone())
    monday = day - timedelta(days=day.weekday())
    return remind(moment, monday.isoformat())


def onboarding(moment: datetime) -> Mapping[str, object]:
    """Move new reps on whose phase is over, once a day (ON2)."""
    return {"moved": move_phases(moment)}
