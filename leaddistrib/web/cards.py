"""Leads as the pages show them: rows of a list, and the details of one.

A row is the socket's own card with words beside its codes, so that a row drawn by the server and
one drawn by the page from a message look the same.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from babel import Locale, UnknownLocaleError
from django.urls import reverse
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from leaddistrib.models import Lead, Rep, ResponseClock, Work
from leaddistrib.models.going_on import passed_on, stale_at
from leaddistrib.policy import Sight, View, disclose, policy
from leaddistrib.queries.cards import card, is_shared, work_on
from leaddistrib.queries.claimable import opening_times
from leaddistrib.queries.clocks import clocks_of, late
from leaddistrib.queries.contacts import Attempts, attempts_of
from leaddistrib.queries.wording import field_label

STATUSES = dict(Lead.Status.choices)
TEMPERATURES = dict(Lead.Temperature.choices)
SIZES = dict(Lead.SizeBand.choices)
NOWHERE = str(UUID(int=0))


def row(
    lead: Lead,
    moment: datetime,
    work: Work | None = None,
    closes_at: datetime | None = None,
    deadline: ResponseClock | None = None,
    attempts: Attempts | None = None,
    view: View | None = None,
) -> dict[str, Any]:
    """A lead for a list, as it is at ``moment``; read it with its pool. ``work`` is who works on
    it, if anybody, ``closes_at`` when it is passed on, if it is, ``deadline`` its owner's clock,
    ``attempts`` those that nobody answered; ``view`` as for a card."""
    shown = card(lead, work, closes_at, view)
    stale = stale_at(lead)
    return {
        **shown,
        "received": lead.received_at,
        "pool": str(lead.pool.public_id) if lead.pool else "",
        "temperature_label": TEMPERATURES.get(shown["temperature"], ""),
        "size_label": SIZES.get(shown["size"], ""),
        "place": place(shown["city"], shown["country"]),
        "shared": is_shared(lead),
        "stale": stale is not None and stale <= moment,
        "goes_stale": stale,
        "pushed_on": closes_at if shown["closes_at"] else None,
        "worked_until": work.until if work else None,
        "due": deadline.due_at if deadline else None,
        "late": deadline is not None and late(deadline, moment),
        "attempts": attempts,
    }


def rows(leads: Iterable[Lead], moment: datetime, rep: Rep | None = None) -> list[dict[str, Any]]:
    """A query for who works on them, if any of them are shared, and one for which are passed on,
    if their pools do that. For ``rep``, with one more, each says when it opens for that rep alone.
    """
    shown = list(leads)
    works, closing = work_on(shown, moment), passed_on(shown)
    opens = opening_times(rep, shown) if rep else {}
    return _with_addresses(
        [
            row(lead, moment, works.get(lead.pk), closing.get(lead.pk))
            | {"window": later_than(moment, opens.get(lead.pk))}
            for lead in shown
        ]
    )


def _with_addresses(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with where the lead is read, and where it is claimed."""
    lead, claim = (
        reverse(f"leaddistrib:{name}", args=[NOWHERE]).split(NOWHERE) for name in ("lead", "claim")
    )
    return [
        {**one, "href": one["id"].join(lead), "claim_href": one["id"].join(claim)} for one in shown
    ]


def later_than(moment: datetime, opens_at: datetime | None) -> datetime | None:
    """``opens_at``, as long as it is to come."""
    return opens_at if opens_at and opens_at > moment else None


def own_rows(leads: Iterable[Lead], moment: datetime) -> list[dict[str, Any]]:
    """Leads that a rep owns, each with how soon it is to be answered, and how often nobody was
    reached. Two queries."""
    shown = list(leads)
    deadlines, attempts = clocks_of(shown), attempts_of(shown)
    return _with_addresses(
        [
            row(
                lead,
                moment,
                deadline=deadlines.get(lead.pk),
                attempts=attempts.get(lead.pk),
                view=View.PREVIEW,
            )
            for lead in shown
        ]
    )


def place(city: str | None, country: str | None) -> str:
    """ "Lyon, France", as far as it is known."""
    return ", ".join(part for part in (city, country and country_name(country)) if part)


def listed(leads: Iterable[Lead], who: Sight) -> dict[int, dict[str, Any]]:
    """Leads for a list of somebody who looks after them, by their primary keys: of each what the
    policy shows this viewer, with what it is called and words beside its codes. One that does not
    exist for the viewer is left out (IG4). No query: read the leads with owner, user and pool."""
    rules = policy()
    views = ((lead, rules.view(lead, who)) for lead in leads)
    return {
        lead.pk: (shown := disclose(lead, view))
        | {
            "called": called(shown),
            "status_label": STATUSES[shown["status"]],
            "temperature_label": TEMPERATURES.get(shown.get("temperature", ""), ""),
        }
        for lead, view in views
        if view is not View.NOTHING
    }


def shown_to(lead: Lead, who: Sight) -> dict[str, Any]:
    """One lead as the policy shows it to a viewer of whom it is known that it exists for them."""
    return disclose(lead, policy().view(lead, who))


def called(shown: Mapping[str, Any]) -> str:
    """What a lead is called, of what its reader may see: never by the contact's name, which would
    go with a message into the cookie that carries it."""
    if shown.get("blind"):
        return _("Blind lead")
    return shown.get("company") or shown["contact"].get("title") or _("Company not known")


def country_name(code: str) -> str:
    """The country's name in the reader's language; the code itself where none is known."""
    try:
        locale = Locale.parse(to_locale(get_language() or "en"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(locale.territories.get(code, code))


def details(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """What ``policy.disclose`` gave, as pairs of label and text, without what is blank."""
    texts = {
        "lead_type": shown.get("lead_type"),
        "source": shown.get("source"),
        "product": shown.get("product"),
        "industry": shown.get("industry"),
        "size_band": _size(shown),
        "city": shown.get("city"),
        "postal_code": shown.get("postal_code"),
        "subdivision": shown.get("subdivision"),
        "country": country_name(shown["country"]) if shown.get("country") else "",
        "language": shown.get("language"),
        "source_system": shown.get("source_system"),
        "external_id": shown.get("external_id"),
        **{f"attributes.{name}": value for name, value in shown.get("attributes", {}).items()},
    }
    return [
        (field_label(name), str(text)) for name, text in texts.items() if text not in (None, "")
    ]


def _size(shown: dict[str, Any]) -> str:
    band = str(SIZES.get(shown.get("size_band", ""), ""))
    if shown.get("employees") is None:
        return band
    return _("%(number)s employees · %(size)s") % {"number": shown["employees"], "size": band}
