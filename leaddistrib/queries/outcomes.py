"""Who may say what came of a lead, and what was said (OU1, IG4)."""

from django.contrib.auth.models import AbstractUser

from leaddistrib.errors import NotYours
from leaddistrib.models import Lead, Outcome, Rep
from leaddistrib.policy import Sight
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.overseeing import may_move


def speaks_as(lead: Lead, who: Sight) -> Rep | None:
    """As whom the viewer says what came of ``lead``: as the rep who has it, or, as a member of its
    pool, shares it; or None, as who looks after it. Read ``lead`` with its owner and pool.

    Raises:
        NotYours: neither.
    """
    rep = who.rep
    if rep is not None:
        shares = is_shared(lead) and lead.pool_id in who.pools
        if lead.owner_id == rep.pk or shares:
            return rep
    if may_move(lead, who):
        return None
    raise NotYours("This lead is not yours (any more).")


def may_speak(lead: Lead, who: Sight) -> bool:
    """Whether the viewer says what came of ``lead`` at all."""
    try:
        speaks_as(lead, who)
    except NotYours:
        return False
    return True


def undoable(lead: Lead, who: Sight, user: AbstractUser) -> list[Outcome]:
    """The outcomes of ``lead`` that the viewer may undo, the latest first: who looks after the lead
    any of them, a rep the own ones, unless the lead is somebody else's now. One query."""
    outcomes = lead.outcomes.filter(undone_at=None).select_related("rep__user")
    if not may_move(lead, who):
        if who.rep is None or lead.owner_id not in (None, who.rep.pk):
            return []
        outcomes = outcomes.filter(rep=who.rep, by=user.pk)
    return list(outcomes.order_by("-at", "-pk"))
