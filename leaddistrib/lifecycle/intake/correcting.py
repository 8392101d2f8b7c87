"""Somebody corrects the facts of a lead by hand (IN5); where it is stays the rules' matter."""

from django.contrib.auth.models import AbstractUser

from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.intake.knowing import FIELDS, RECOGNISED_BY
from leaddistrib.lifecycle.matching import match
from leaddistrib.lifecycle.transactions import act, lock_lead
from leaddistrib.models import Lead, LogEntry
from leaddistrib.queries import clock


@act(durable=False)
def correct(lead: Lead, given: LeadInput, *, actor: AbstractUser | None = None) -> list[str]:
    """Keep ``given`` as the facts of ``lead``; returns the names of the fields that differed.

    The lead is not routed again. The log says which fields changed and who changed them; the
    pool's pages show the new facts.
    """
    locked = lock_lead(lead.pk)
    changed = [name for name in FIELDS if getattr(locked, name) != getattr(given, name)]
    if not changed:
        return []
    for name in changed:
        setattr(locked, name, getattr(given, name))
    if not {*changed}.isdisjoint(RECOGNISED_BY):
        match([locked])
    locked.save(update_fields=[*changed, "account"])
    LogEntry.objects.create(
        lead=locked,
        event=LogEntry.Event.UPDATED,
        actor=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
        at=clock.now(),
        detail={"fields": changed},
    )
    if locked.status == Lead.Status.WAITING and locked.pool:
        announce_updated(locked.pool, [locked])
    return changed
