"""A channel by which nothing can be sent any more: somebody is told (NO4)."""

from datetime import datetime

from django.db import transaction

from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.models import Alert
from leaddistrib.queries.channels import failing

PREFIX = "channel:"


def look_for_failing(moment: datetime) -> int:
    """Open an alert for each channel that fails steadily; returns how many. Superusers are told, by
    the channels that work. Any number of workers may run this at once."""
    open_ones = Alert.objects.filter(kind=Alert.Kind.CHANNEL, closed_at=None)
    known = set(open_ones.values_list("subject", flat=True))
    found = {PREFIX + channel: one for channel, one in sorted(failing(moment).items())}
    for subject in found.keys() - known:
        detail = {"channel": subject.removeprefix(PREFIX), "code": found[subject].code}
        with transaction.atomic():
            open_alert(Alert.Kind.CHANNEL, subject, moment=moment, detail=detail)
    return len(found.keys() - known)
