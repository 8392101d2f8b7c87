"""Who may say what came of a lead, and what was said (OU1, IG4)."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractUser

from leaddistrib.errors import NotYours
from leaddistrib.models import Lead, Outcome, Rep
from leaddistrib.policy import Sight
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.overseeing import may_move


def speaks_as(lead: Lead, who: Sight) -> Rep | None:
    """As whom the viewer says what came of ``lead``: as the rep who has it or, as a member of its
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


def outcomes_of(lead: Lead) -> list[Outcome]:
    """What came of ``lead``, without what was undone, the latest first: where it stands. One
    query."""
    counting = lead.outcomes.filter(undone_at=None).select_related("rep__user")
    return list(counting.order_by("-at", "-pk"))


def undoable(
    lead: Lead, outcomes: Sequence[Outcome], who: Sight, user: AbstractUser
) -> list[Outcome]:
    """Those of the lead's ``outcomes`` that the viewer may undo: who looks after the lead any, a
    rep those that this rep recorded, unless the lead is somebody else's now."""
    if may_move(lead, who):
        return list(outcomes)
    if who.rep is None or lead.owner_id not in (None, who.rep.pk):
        return []
    return [one for one in outcomes if (one.rep_id, one.by_id) == (who.rep.pk, user.pk)]
