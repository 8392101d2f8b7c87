"""A rep is not active any more and still has open leads: somebody is told (PU10)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.models import Alert, HandOver, Rep
from leaddistrib.queries.handovers import left_behind

UNDER_WAY = timedelta(minutes=10)
"""How long a hand-over may take. What is still the rep's afterwards was left behind."""


def look_for_left_behind(moment: datetime) -> int:
    """Open an alert for each rep who is not active and has open leads, unless they are being handed
    over; returns how many. Any number of workers may run this at once."""
    under_way = HandOver.objects.filter(
        rep=OuterRef("pk"), at__gt=moment - UNDER_WAY, taken_back_at=None
    )
    open_ones = Alert.objects.filter(kind=Alert.Kind.LEFT_BEHIND, closed_at=None)
    known = set(open_ones.values_list("subject", flat=True))
    found = [rep for rep in left_behind().exclude(Exists(under_way)) if _subject(rep) not in known]
    for rep in found:
        tell_left_behind(rep, moment)
    return len(found)


@transaction.atomic
def tell_left_behind(rep: Rep, moment: datetime) -> Alert:
    """Tell the managers of the rep's team, once, that there are leads to be handed over."""
    return open_alert(
        Alert.Kind.LEFT_BEHIND,
        _subject(rep),
        moment=moment,
        teams=() if rep.team_id is None else (rep.team_id,),
        detail={"rep": rep.name, "public_id": str(rep.public_id)},
    )


def _subject(rep: Rep) -> str:
    return f"rep:{rep.pk}"
