"""Accounts from a file: companies that are known, and who looks after them (IN4).

A row is the account of its domain; without one, the account of its name, the oldest of several.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from leaddistrib.engine.names import match_name
from leaddistrib.lifecycle.catalogue.files import Catalogue, Entry, batches, name_of, text_of
from leaddistrib.lifecycle.catalogue.people import Reps
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.receiving import Outcome
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Account
from leaddistrib.models.markets import START, NameStart

NAME, INDUSTRY, EMPLOYEES = 200, 100, 2**31 - 1
DOMAIN_ONCE = "leaddistrib_account_domain"


class Accounts(Catalogue):
    """Compared in two queries a batch, written in two more for each table."""

    def __init__(self) -> None:
        self.columns = {
            "name": name_of(NAME),
            "domain": lambda text: fields.domain(text) if text else "",
            "country": lambda text: fields.country(text) if text else "",
            "industry": text_of(INDUSTRY),
            "employees": lambda text: fields.whole_number(text, EMPLOYEES) if text else None,
            "owner": Reps().find_any,
        }

    def compare(self, entries: Sequence[Entry]) -> list[Outcome | str]:
        verdicts: list[Outcome | str] = []
        lines: dict[object, int] = {}
        for batch in batches(entries):
            for entry, account in _accounts(batch):
                before = _said_before(entry, account, lines)
                if before:
                    text = _("This is the account of line %(line)d already.")
                    verdicts.append(text % {"line": before})
                else:
                    verdicts.append(_outcome(account, entry))
        return verdicts

    def write(self, entries: Sequence[Entry], *, reason: str, actor: AbstractUser | None) -> None:
        for batch in batches(entries):
            try:
                _write(batch, reason, actor)
            except IntegrityError as error:
                if not violates(error, Account, DOMAIN_ONCE):
                    raise
                # Somebody added one of these accounts a moment ago: now it is found.
                _write(batch, reason, actor)


@act(durable=False)
def _write(batch: Sequence[Entry], reason: str, actor: AbstractUser | None) -> None:
    created: list[Account] = []
    updated: list[Account] = []
    fields: set[str] = set()
    for entry, account in _accounts(batch):
        changed = _set(account, entry)
        if not account.pk:
            created.append(account)
        elif changed:
            updated.append(account)
            fields |= changed
    record = {"default_user": actor, "default_change_reason": reason}
    if created:
        bulk_create_with_history(created, Account, **record)
    if updated:
        # Only what differs somewhere: each field more makes the statement slower.
        bulk_update_with_history(updated, Account, sorted(fields), **record)


def _accounts(batch: Sequence[Entry]) -> Iterator[tuple[Entry, Account]]:
    """Each entry with the account that it is of; a new one, without primary key, if none is."""
    domains = {entry.values.get("domain") for entry in batch} - {None, ""}
    names = {_match(entry) for entry in batch if not entry.values.get("domain")}
    by_domain = {one.domain: one for one in Account.objects.filter(domain__in=domains)}
    # The index has how names begin.
    begin = Account.objects.annotate(start=NameStart("match_name")).order_by("pk")
    called = begin.filter(start__in={name[:START] for name in names}, match_name__in=names)
    by_name: dict[str, Account] = {}
    for one in called:
        by_name.setdefault(one.match_name, one)
    for entry in batch:
        domain = entry.values.get("domain")
        found = by_domain.get(domain) if domain else by_name.get(_match(entry))
        yield entry, found or Account()


def _match(entry: Entry) -> str:
    """What the name is recognised by; the name as it is where nothing is left of it."""
    name: str = entry.values["name"]
    return match_name(name) or name


def _said_before(entry: Entry, account: Account, lines: dict[object, int]) -> int:
    """The earlier line that is of the same account, 0 if there is none."""
    domain, name = entry.values.get("domain"), _match(entry)
    own: list[object] = [("domain", domain) if domain else ("name", name)]
    if account.pk:
        own.append(account.pk)
    before = next((lines[key] for key in own if key in lines), 0)
    # A later row that gives no domain is the account of this one's name.
    for key in (*own, ("name", name)):
        lines.setdefault(key, entry.line)
    return before


def _set(account: Account, entry: Entry) -> set[str]:
    """Give the account what the entry says; returns the fields that differed. A domain is not
    taken away by a row without one."""
    said: dict[str, Any] = dict(entry.values)
    if "owner" in said:
        said["owner_id"] = said.pop("owner")
    if not said.get("domain"):
        said.pop("domain", None)
    changed = {field for field, value in said.items() if getattr(account, field) != value}
    for field in changed:
        setattr(account, field, said[field])
    return changed


def _outcome(account: Account, entry: Entry) -> Outcome:
    changed = _set(account, entry)
    if not account.pk:
        return Outcome.CREATED
    return Outcome.UPDATED if changed else Outcome.UNCHANGED
