"""Which known account a lead belongs to: by domain, by name, or by likeness of names (IN4).

The reads are the same few for one lead and for a file of them, and stay fast with 100,000
accounts: each asks an index, and likeness is only worked out among accounts whose names begin
alike. A slip in the first letters of a name is therefore not forgiven.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

from rapidfuzz import fuzz

from leaddistrib.engine.names import match_name
from leaddistrib.models import Account, Lead, Organisation
from leaddistrib.models.markets import START, NameStart
from leaddistrib.queries.freemail import FREE_MAIL_DOMAINS

By = Literal["domain", "name", "likeness"]


@dataclass(frozen=True, slots=True)
class AccountMatch:
    """An account and what told it: ``likeness`` of the two names in percent, 100 unless by that."""

    account: Account
    by: By
    likeness: int = 100

    def as_document(self) -> dict[str, object]:
        """What the lead's log keeps."""
        kept: dict[str, object] = {"name": self.account.name, "by": self.by}
        return kept | {"likeness": self.likeness} if self.by == "likeness" else kept


class _Candidate(NamedTuple):
    id: int
    domain: str
    name: str
    country: str


_Choice = tuple[int, By, int]


def matching_accounts(
    leads: Sequence[Lead], organisation: Organisation
) -> list[AccountMatch | None]:
    """For each lead the account it belongs to, or None. At most three queries.

    The domain decides before the name, the name before likeness. Of accounts with one name, that
    in the lead's country comes first, then one whose country is not known, then the oldest.
    """
    free = frozenset(organisation.free_mail_domains)
    hosts = [company_hosts(lead.company_domain, free) for lead in leads]
    names = [match_name(lead.company) for lead in leads]
    domains = {host for own in hosts for host in own}
    known = _candidates(domains) if domains else []
    by_domain = {one.domain: one for one in known}
    chosen: list[_Choice | None] = [
        next(((by_domain[host].id, "domain", 100) for host in own if host in by_domain), None)
        for own in hosts
    ]
    _by_name(leads, names, chosen, organisation.match_threshold)
    ids = {choice[0] for choice in chosen if choice}
    accounts = Account.objects.select_related("owner__user").in_bulk(ids) if ids else {}
    # An account that was deleted since its id was read is no match.
    return [
        AccountMatch(accounts[choice[0]], choice[1], choice[2])
        if choice and choice[0] in accounts
        else None
        for choice in chosen
    ]


def company_hosts(host: str, free: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The domains by which ``host`` may be known, the longest first, down to the one that was
    registered: "uk.shop.acme.co.uk" gives that, "shop.acme.co.uk" and "acme.co.uk".

    () where people have addresses of their own: there, in ``free``, and below them.
    """
    registered = registered_domain(host)
    if not registered or not {host, registered}.isdisjoint(FREE_MAIL_DOMAINS | free):
        return ()
    own = host.removesuffix(registered).rstrip(".")
    labels = own.split(".") if own else []
    return (*(".".join((*labels[n:], registered)) for n in range(len(labels))), registered)


def registered_domain(host: str) -> str:
    """The part of ``host`` that somebody registered, "acme.co.uk" for "mail.acme.co.uk"; the host
    itself where the list of public suffixes does not know it."""
    found: str = _extract()(host).top_domain_under_public_suffix
    return found or host


@cache
def _extract() -> Any:
    """Reads the list of public suffixes that comes with the package; it asks no network and keeps
    no files. Suffixes of hosting services count: companies on one are not the service's."""
    return import_module("tldextract").TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )


def _by_name(
    leads: Sequence[Lead], names: Sequence[str], chosen: list[_Choice | None], threshold: int
) -> None:
    """Fill in ``chosen`` where the domain did not decide: one query."""
    open_ = [n for n, choice in enumerate(chosen) if choice is None and names[n]]
    starts = {names[n][:START] for n in open_}
    if not starts:
        return
    beginning: dict[str, list[_Candidate]] = defaultdict(list)
    accounts = Account.objects.annotate(start=NameStart("match_name"))
    for one in _rows(accounts.filter(start__in=starts)):
        beginning[one.name[:START]].append(one)
    for n in open_:
        chosen[n] = _most_alike(names[n], leads[n].country, beginning[names[n][:START]], threshold)


def _most_alike(
    name: str, country: str, candidates: Iterable[_Candidate], threshold: int
) -> _Choice | None:
    ranked = []
    for one in candidates:
        likeness = 100.0 if one.name == name else _likeness(name, one.name, threshold)
        if likeness:
            abroad = 0 if one.country == country else 1 if not one.country else 2
            ranked.append((one.name != name, -likeness, abroad, one.id))
    if not ranked:
        return None
    fuzzy, likeness, _abroad, id_ = min(ranked)
    return (id_, "likeness", int(-likeness)) if fuzzy else (id_, "name", 100)


def _likeness(name: str, other: str, threshold: int) -> float:
    """How alike two names are in percent, 0 below ``threshold``. Names with different numbers in
    them are different companies, however alike: "Lycée 12", "Lycée 13"."""
    likeness = fuzz.ratio(name, other, score_cutoff=threshold)
    return likeness if likeness and _digits(name) == _digits(other) else 0.0


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _candidates(domains: Iterable[str]) -> list[_Candidate]:
    """Accounts at one of these domains. The blank ones are left out by name because the index
    leaves them out, which SQLite needs to be told."""
    return list(_rows(Account.objects.filter(domain__in=domains).exclude(domain="")))


def _rows(accounts: Any) -> Iterable[_Candidate]:
    rows = accounts.order_by().values_list("pk", "domain", "match_name", "country")
    return (_Candidate(*row) for row in rows)
