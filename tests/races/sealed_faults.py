"""Guards of sealed claims that a control takes away: who collects, and who awards."""

import threading
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import connection, connections

from leaddistrib.lifecycle import awarding as real_awarding
from leaddistrib.lifecycle import collecting as real_collecting
from leaddistrib.lifecycle import transactions
from leaddistrib.models import Claim, Lead
from leaddistrib.queries import clock
from tests.races.meeting import PATIENCE, meet_after

# Names are replaced in them that they only import.
awarding: Any = real_awarding
collecting: Any = real_collecting


def no_lock_on_what_is_collected() -> None:
    """A claim is collected without its lead being locked, and the lead is awarded between the look
    at it and the claim's row. Whoever awards finds the seconds over."""
    later = SimpleNamespace(now=lambda: clock.now() + timedelta(hours=1))
    awarding.clock = later
    if connection.vendor != "postgresql":  # nobody can meet inside a transaction
        return
    looked, gone = threading.Event(), threading.Event()
    award = awarding._award

    def unlocked(lead: int) -> Lead:
        found = Lead.objects.select_related("pool", "owner__user").get(pk=lead)
        looked.set()
        gone.wait(PATIENCE)
        return found

    def awarded(lead: int) -> bool:
        looked.wait(PATIENCE)
        found: bool = award(lead)
        gone.set()
        return found

    collecting.lock_lead, awarding._award = unlocked, awarded


def no_lock_on_claimants() -> None:
    """Who claimed is not locked while it is counted what they have."""
    awarding.lock_reps = lambda reps: None
    awarding.claimants = meet_after(awarding.claimants)


def deferred_awards() -> None:
    """SQLite takes its write lock at the first write, after the reads. Retries would hide it."""
    connections.settings["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
    transactions.RETRIES = 0
    awarding.collected = meet_after(awarding.collected)


def stale_award() -> None:
    """Whoever awards believes the lead and its claims to be as before the race."""
    before = {lead.pk: lead for lead in Lead.objects.select_related("pool", "owner__user")}
    claims = list(Claim.objects.filter(result="collected"))
    awarding.lock_lead = lambda lead: copy(before[lead])
    awarding.collected = lambda leads: [copy(one) for one in claims if one.lead_id in leads]


def no_award_condition() -> None:
    """The UPDATE of an award takes the lead whatever became of it."""
    awarding.claimable = lambda lead, moment: Lead.objects.filter(pk=lead.pk)


SEALED_FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        no_lock_on_what_is_collected,
        no_lock_on_claimants,
        deferred_awards,
        stale_award,
        no_award_condition,
    )
}
