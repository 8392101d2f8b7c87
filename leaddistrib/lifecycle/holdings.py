"""What a rep has beside leads goes to a successor, and comes back: accounts, territories, cover."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from simple_history.utils import bulk_update_with_history

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.models import Account, HandOver, Rep, Territory
from leaddistrib.queries.handovers import coverable

Moved = Mapping[str, Sequence[int]]
"""Primary keys: ``accounts``; ``territories`` in which one took the other's place; ``left``,
territories that only one left or came back to, because the successor worked them anyway;
``backups``, the reps who have another backup now."""


def set_active(rep: Rep, active: bool, actor: AbstractUser, reason: str) -> None:
    """The rep, who is locked, is active from now on, or not any more; its history says by whom."""
    rep.active = active
    attributed(rep, actor, reason).save(update_fields=("active",))


def give_holdings(rep: Rep, to: Rep, actor: AbstractUser, reason: str) -> Moved:
    """Give what ``rep`` has to ``to``; returns what went. Both, and the reps whose backup the one
    is, are locked. Where ``to`` cannot be the backup, the backup stays as it is."""
    accounts = _locked(rep.accounts.all())
    _set_owner(accounts, to, actor, reason)
    territories: list[int] = []
    left: list[int] = []
    for territory in Territory.objects.filter(reps=rep).order_by("pk"):
        known = territory.reps.filter(pk=to.pk).exists()
        (left if known else territories).append(territory.pk)
        _replace(territory, rep, None if known else to, actor, reason)
    backups = list(coverable(rep, to).order_by("pk"))
    for other in backups:
        _set_backup(other, to, actor, reason)
    return {
        "accounts": [account.pk for account in accounts],
        "territories": territories,
        "left": left,
        "backups": [other.pk for other in backups],
    }


def return_holdings(handover: HandOver, actor: AbstractUser, reason: str) -> Moved:
    """Give the rep back what went to the successor and is still the successor's; returns what came
    back. All reps concerned are locked."""
    rep, successor, moved = handover.rep, handover.successor, handover.moved
    if successor is None:
        return {}
    accounts = _locked(successor.accounts.filter(pk__in=moved.get("accounts", ())))
    _set_owner(accounts, rep, actor, reason)
    returned: dict[str, list[int]] = {"accounts": [one.pk for one in accounts]}
    still = Territory.objects.filter(reps=successor).exclude(reps=rep).order_by("pk")
    for kind, leaves in (("territories", successor), ("left", None)):
        territories = list(still.filter(pk__in=moved.get(kind, ())))
        for territory in territories:
            _replace(territory, leaves, rep, actor, reason)
        returned[kind] = [one.pk for one in territories]
    among = coverable(successor, rep).filter(pk__in=moved.get("backups", ()))
    backups = list(among.order_by("pk"))
    for other in backups:
        _set_backup(other, rep, actor, reason)
    return {**returned, "backups": [other.pk for other in backups]}


def _locked(accounts: QuerySet[Account]) -> list[Account]:
    return list(accounts.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def _set_owner(accounts: Sequence[Account], owner: Rep, actor: AbstractUser, reason: str) -> None:
    for account in accounts:
        account.owner = owner
    bulk_update_with_history(
        accounts,
        Account,
        ["owner"],
        batch_size=500,
        default_user=actor,
        default_change_reason=reason[:100],
    )


def _replace(
    territory: Territory, out: Rep | None, into: Rep | None, actor: AbstractUser, reason: str
) -> None:
    attributed(territory, actor, reason)
    if into is not None:
        territory.reps.add(into)
    if out is not None:
        territory.reps.remove(out)


def _set_backup(rep: Rep, backup: Rep, actor: AbstractUser, reason: str) -> None:
    rep.backup = backup
    attributed(rep, actor, reason).save(update_fields=("backup",))
