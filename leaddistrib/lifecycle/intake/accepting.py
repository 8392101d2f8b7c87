"""A lead from any door, cleaned as the host's settings say (IN5)."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from leaddistrib import conf
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import LeadInput, Thresholds, clean

IDENTIFYING = ("company", "contact.name", "contact.email", "contact.phone", "external_id")
"""A lead says at least one of these about itself: with none of them nobody could call it back."""


def accept(data: Mapping[str, object], *, require: Collection[str] = ()) -> LeadInput:
    """``clean`` with the host's scores for hot and warm leads, which are those of quality too.

    Raises:
        InvalidLead: names every wrong field.
    """
    hot, warm = conf.settings.HOT_SCORE, conf.settings.WARM_SCORE
    return clean(data, require=require, thresholds=Thresholds(hot, warm, high=hot, standard=warm))


def require_identity(given: LeadInput) -> None:
    """Raises InvalidLead, at each field that would do, if nothing says who the lead is."""
    if not any(getattr(given, name.replace(".", "_")) for name in IDENTIFYING):
        message = _("Give at least one of: %(fields)s.") % {"fields": ", ".join(IDENTIFYING)}
        raise InvalidLead({name: [message] for name in IDENTIFYING})
