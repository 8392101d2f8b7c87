"""A waiting lead as every member of its pool sees it in a list: the preview, cut to size."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from leaddistrib.events.messages import NAME, SIZE, LeadUpdated, cut, rendered, stamp
from leaddistrib.models import Lead, Pool, Work
from leaddistrib.models.going_on import passed_on, stale_at
from leaddistrib.policy import HIDING, Sight, View, at_most_a_preview, policy
from leaddistrib.queries import clock

FIELDS = {
    "company": "company",
    "title": "contact_title",
    "source": "source",
    "city": "city",
    "score": "score",
    "temperature": "temperature",
    "size": "size_band",
    "country": "country",
}
"""Names in a card, and the fields behind them."""

BYTES = {"company": 60, "title": 40, "source": 30, "city": 30}
"""Bytes that each free text may take."""

SHARES = (1, 0.75, 0.5, 0.25)
"""Parts of BYTES that are tried, one after the other, until the card fits into its message."""

ENVELOPE = len(LeadUpdated(str(UUID(int=0)), 2**63 - 1, {}).text) - len("{}")
"""Bytes of a message beside its card."""


def card(
    lead: Lead,
    work: Work | None = None,
    closes_at: datetime | None = None,
    view: View | None = None,
) -> dict[str, Any]:
    """What a race message and a snapshot say of ``lead``; read it with its pool. ``work`` is who
    works on it now, if anybody (``work_on``), ``closes_at`` when it goes on (``passed_on``). A
    field that ``view`` keeps is null: the preview that all reps of the pool have, unless another
    is given. A blind lead says that it is, of which type, and in which language (GU2). Whether it
    goes on depends on its rule, so where a preview hides how good a lead is, it does not say so.

    All of it takes the place that a race message has; only who works on a shared lead, which no
    race has, comes on top.
    """
    rules = policy()
    view = view or rules.preview_of(lead)
    disclosed = rules.fields(view)
    shown: dict[str, Any] = {
        name: getattr(lead, field) if field in disclosed else None for name, field in FIELDS.items()
    }
    times = {
        "received_at": stamp(lead.received_at),
        "opens_at": stamp(lead.opens_at),
        "stale_at": stamp(stale_at(lead)),
        "closes_at": stamp(None if view in HIDING else closes_at),
        "working": None,
    }
    blind = _blind(lead, disclosed) if view is View.BLIND else {}
    for share in SHARES:
        whole = {"id": str(lead.public_id), **_cut(shown, share), **times, **blind}
        if len(rendered(whole).encode()) + ENVELOPE <= SIZE:
            break
    return whole | {"working": working(work)}


def cards(
    leads: Iterable[Lead], moment: datetime | None = None, who: Sight | None = None
) -> list[dict[str, Any]]:
    """A card for each of ``leads``, read with their pools: as all reps of the pool see it, or as
    ``who`` does. Who works on the shared ones, and which go on to a next step, is read in a query
    for all of them."""
    shown, rules = list(leads), policy()
    works, closing = work_on(shown, moment), passed_on(shown)
    views = {lead.pk: at_most_a_preview(rules.view(lead, who)) for lead in shown} if who else {}
    return [
        card(lead, works.get(lead.pk), closing.get(lead.pk), views.get(lead.pk)) for lead in shown
    ]


def work_on(leads: Iterable[Lead], moment: datetime | None = None) -> dict[int, Work]:
    """Who works on each of ``leads`` at ``moment`` (now, by the database), by the lead's id (PO2).

    Work that was begun before the lead was opened as it is now counts no more.
    """
    shared = {lead.pk: lead for lead in leads if is_shared(lead)}
    if not shared:
        return {}
    held = Work.objects.filter(lead__in=shared, until__gt=moment or clock.now())
    return {
        work.lead_id: work
        for work in held.select_related("rep__user")
        if work.since >= (shared[work.lead_id].opens_at or work.since)
    }


def working(work: Work | None) -> dict[str, Any] | None:
    """Who works on a lead, and until when unless it is extended, as pages are told."""
    return {"by": cut(work.rep.name, NAME), "until": stamp(work.until)} if work else None


def is_shared(lead: Lead) -> bool:
    """Whether the lead waits in a shared pool, where any member works it (PO1)."""
    return (
        lead.status == Lead.Status.WAITING
        and lead.pool is not None
        and lead.pool.mode == Pool.Mode.SHARED
    )


def _blind(lead: Lead, disclosed: Iterable[str]) -> dict[str, Any]:
    told = {field: getattr(lead, field) for field in ("lead_type", "language")}
    return {"blind": True} | {
        field: cut(text, BYTES["title"]) if field in disclosed else None
        for field, text in told.items()
    }


def _cut(shown: Mapping[str, Any], share: float) -> dict[str, Any]:
    return {
        name: cut(value, int(BYTES[name] * share)) if value and name in BYTES else value
        for name, value in shown.items()
    }
