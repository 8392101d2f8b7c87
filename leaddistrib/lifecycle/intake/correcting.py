"""Somebody corrects the facts of a lead by hand (IN5); where it is stays the rules' matter."""

from django.contrib.auth.models import AbstractUser

from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.intake.knowing import FIELDS, keep_changes
from leaddistrib.lifecycle.transactions import act, lock_lead
from leaddistrib.models import Lead


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
    keep_changes({locked: changed}, actor)
    return changed
