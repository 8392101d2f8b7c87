"""Quotas of a whole team for a month, set in one go (AL1)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import AbstractUser
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Quota


@act(durable=False)
def set_quotas(
    month: date,
    amounts: Mapping[int, Decimal | None],
    currency: str,
    *,
    by: AbstractUser | None = None,
    reason: str = "",
) -> int:
    """Each rep of ``amounts`` (primary keys) is to sell that much, in ``currency`` (ISO 4217), in
    ``month`` (its first day); None: has no quota then. Returns how many quotas are other than
    before. Doing it again changes nothing. ``reason`` is kept with each change.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps(amounts)
    known = {quota.rep_id: quota for quota in Quota.objects.filter(rep__in=amounts, month=month)}
    new: list[Quota] = []
    changed: list[Quota] = []
    gone = [known[rep] for rep, amount in amounts.items() if amount is None and rep in known]
    for rep, amount in amounts.items():
        if amount is None:
            continue
        quota = known.get(rep) or Quota(rep_id=rep, month=month)
        if (quota.amount, quota.currency) == (amount, currency):
            continue
        quota.amount, quota.currency = amount, currency
        (changed if quota.pk else new).append(quota)
    record = {"default_user": by, "default_change_reason": reason or None}
    if new:
        bulk_create_with_history(new, Quota, **record)
    if changed:
        bulk_update_with_history(changed, Quota, ["amount", "currency"], **record)
    for quota in gone:
        attributed(quota, by).delete()
    return len(new) + len(changed) + len(gone)
