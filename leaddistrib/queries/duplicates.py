"""Whether a lead's person was here before: same e-mail or phone, or same domain and name (IN3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Lower

from leaddistrib.engine.names import plain
from leaddistrib.models import Lead, Organisation
from leaddistrib.queries.accounts import company_hosts

By = Literal["email", "phone", "name"]


class Sign(NamedTuple):
    """Something that tells a person: leads that share one are probably the same person's. A name
    tells one at the ``domain`` of a company only."""

    by: By
    value: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The lead that came first, and what both have in common."""

    first: Lead
    by: By


def signs(lead: Lead, free: frozenset[str] = frozenset()) -> list[Sign]:
    """What tells the person of ``lead``, the surest first; nothing for an anonymous one.

    Domains in ``free`` are no company's, so a name there tells nobody.
    """
    told = []
    if lead.contact_email:
        told.append(Sign("email", lead.contact_email.lower()))
    if lead.contact_phone:
        told.append(Sign("phone", lead.contact_phone))
    if plain(lead.contact_name) and company_hosts(lead.company_domain, free):
        told.append(Sign("name", plain(lead.contact_name), lead.company_domain))
    return told


def earlier_leads(
    leads: Sequence[Lead], organisation: Organisation, moment: datetime
) -> list[Duplicate | None]:
    """For each lead the one of the same person that came first, within the organisation's days
    before ``moment``; None for a person who is new. At most two queries.

    A lead that an active rep is working comes before an older one that nobody is: that is where
    the person's matter is. Leads of one batch know each other: the first in its order counts.
    """
    free = frozenset(organisation.free_mail_domains)
    told = [signs(lead, free) for lead in leads]
    since = moment - timedelta(days=organisation.duplicate_days)
    own = {lead.pk for lead in leads if lead.pk is not None}
    known = _known({sign for some in told for sign in some}, since, own)
    rows = Lead.objects.select_related("owner__user").in_bulk(set(known.values())) if known else {}
    here: dict[Sign, Lead] = {}
    found = []
    for lead, some in zip(leads, told, strict=True):
        duplicate = _first(some, known, rows, here)
        found.append(duplicate)
        for sign in some:  # whoever shares it has the same first one
            here.setdefault(sign, duplicate.first if duplicate else lead)
    return found


def _first(
    some: Iterable[Sign],
    known: Mapping[Sign, int],
    rows: Mapping[int, Lead],
    here: Mapping[Sign, Lead],
) -> Duplicate | None:
    """Kept leads come before those of the batch, whatever sign tells them."""
    some = list(some)
    for sign in some:
        if first := rows.get(known.get(sign, 0)):
            return Duplicate(first, sign.by)
    return next((Duplicate(here[sign], sign.by) for sign in some if sign in here), None)


def _known(told: Iterable[Sign], since: datetime, own: Collection[int]) -> dict[Sign, int]:
    """The kept lead that each sign leads to. One query, of one part for each kind of sign because
    each has its own index. Names are compared here: no database knows all their spellings."""
    wanted: dict[By, set[Sign]] = defaultdict(set)
    for sign in told:
        wanted[sign.by].add(sign)
    parts = [
        _sharing(by, some)
        .filter(received_at__gte=since)
        .exclude(pk__in=own)
        .order_by()
        .values_list("by", "shared", "at_domain", "status", "owner__active", "received_at", "pk")
        for by, some in wanted.items()
    ]
    if not parts:
        return {}
    best: dict[Sign, tuple[bool, datetime, int]] = {}
    for by, value, domain, status, active, at, pk in parts[0].union(*parts[1:], all=True):
        sign = Sign(by, plain(value), domain) if by == "name" else Sign(by, value)
        rank = (not (status == Lead.Status.OWNED and active), at, pk)
        if sign in wanted[by] and (sign not in best or rank < best[sign]):
            best[sign] = rank
    return {sign: pk for sign, (_nobodys, _at, pk) in best.items()}


def _sharing(by: By, some: Iterable[Sign]) -> QuerySet[Any]:
    """The leads that may share one of ``some`` signs of this kind."""
    values = {sign.value for sign in some}
    leads = Lead.objects.all()
    match by:
        case "email":
            leads = leads.annotate(shared=Lower("contact_email"), at_domain=Value(""))
            leads = leads.exclude(contact_email="").filter(shared__in=values)
        case "phone":
            leads = leads.annotate(shared=F("contact_phone"), at_domain=Value(""))
            leads = leads.exclude(contact_phone="").filter(contact_phone__in=values)
        case "name":
            domains = {sign.domain for sign in some}
            leads = leads.annotate(shared=F("contact_name"), at_domain=F("company_domain"))
            leads = leads.exclude(company_domain="").filter(company_domain__in=domains)
    return leads.annotate(by=Value(by))
