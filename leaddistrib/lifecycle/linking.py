"""An account of Slack is tied to the one here: then its owner claims by a button there, and is
written to (NO1)."""

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError

from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import NotificationSettings

ONCE = "leaddistrib_slack_member"


def tie_slack(user: AbstractUser, member: str) -> bool:
    """``user`` is ``member`` of Slack from now on; False, and nothing changed, if that member is
    tied to somebody else.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    try:
        _tie(user, member)
    except IntegrityError as error:
        if not violates(error, NotificationSettings, ONCE):
            raise
        return False
    return True


@act(durable=False)
def _tie(user: AbstractUser, member: str) -> None:
    NotificationSettings.objects.update_or_create(
        user_id=user.pk, defaults={"slack_member": member}
    )


@act(durable=False)
def untie_slack(user: AbstractUser) -> None:
    """``user`` claims from Slack no more and is not written to there, until the account is tied
    again.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    NotificationSettings.objects.filter(user=user.pk).update(slack_member="")
