"""Calls of sources that sign them, and the secrets that they are signed with (IN1).

A call is admitted, its lead received, and its signature kept in the same transaction; the same call
again is answered as the first was. So a sender that lost the answer may send it once more, and
whoever overheard it gains nothing.
"""

import re
from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError
from django.db.models import Q, QuerySet

from leaddistrib.errors import BadSignature, Outdated, SealBroken
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.intake.cleaning import LeadInput
from leaddistrib.lifecycle.intake.receiving import Outcome, Received, receive
from leaddistrib.lifecycle.signing import TOLERANCE, is_timely, matching, new_secret
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Webhook, WebhookCall
from leaddistrib.queries import clock
from leaddistrib.sealing import seal, unseal

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")

SHOWN = 50
"""Newest signed calls of a webhook that stay, whatever their age, to be looked at."""

STRANGERS = 10
"""Newest calls without a good signature that stay, apart from the signed ones."""

APART = timedelta(minutes=1)
"""Of refused calls of one webhook, for one reason, one is kept in so long."""

REPLAYABLE = 2 * TOLERANCE
"""A call whose time is the furthest ahead could be played again for so long."""

NOBODY = "no webhook has this secret"
"""What calls for unknown webhooks are compared with, to take as long as the others."""


class Refused(BadSignature):
    """A call that is not let in: to which webhook (None: there is none of that name), what was
    wrong, and whether it was ``signed`` with a secret of it nevertheless."""

    def __init__(self, webhook: Webhook | None, fault: str, *, signed: bool) -> None:
        super().__init__("The call is not signed as this address expects.")
        self.webhook, self.fault, self.signed = webhook, fault, signed


def admit(slug: str, timestamp: str, signature: str, body: bytes) -> tuple[Webhook, str]:
    """The webhook of a call and the digits of its signature, if the call is signed as it should be.

    ``timestamp`` and ``signature`` are the headers' values, "" where there was none; ``body`` is
    what came, byte for byte. Writes nothing.

    Raises:
        Refused: alike for an unknown or inactive webhook, a call out of time and one that is not
            signed with a secret that holds. It holds what ``note_refused`` keeps for the admin.
    """
    moment = clock.now()
    webhook = Webhook.objects.filter(slug=slug).first() if SLUG.fullmatch(slug) else None
    keys, fault = _keys(webhook, moment)
    digits = matching(signature, timestamp, body, keys or [NOBODY])
    if not is_timely(timestamp, moment):
        fault = fault or "timestamp"
    elif not digits:
        fault = fault or "signature"
    if webhook is None or fault:
        raise Refused(webhook, fault, signed=bool(keys and digits))
    return webhook, digits


def note_refused(refused: Refused) -> None:
    """Keep for the admin that a call was refused, and why; nothing of a webhook that there is not.

    Calls without a good signature are anybody's: they stand apart, so that they push out no signed
    one. Of calls refused alike one a minute is kept, so that a stranger makes nothing be written.
    """
    if refused.webhook is None:
        return
    outcome = WebhookCall.Outcome.REFUSED if refused.signed else WebhookCall.Outcome.UNSIGNED
    lately = refused.webhook.calls.filter(
        outcome=outcome, reason=refused.fault, at__gt=clock.now() - APART
    )
    if not lately.exists():
        note(refused.webhook, outcome, refused.fault)


def answered_before(webhook: Webhook, signature: str) -> Received | None:
    """What the same call was answered the first time; None if this is the first."""
    call = webhook.calls.select_related("lead").filter(signature=signature).first()
    if call is None or call.lead is None:
        return None
    note(webhook, WebhookCall.Outcome.REPEATED)
    decisions = call.lead.decisions.select_related("rule", "ruleset", "owner__user", "pool")
    return Received(call.lead, Outcome.UNCHANGED, decisions.first())


def take(webhook: Webhook, signature: str, given: LeadInput, *, key: str = "") -> Received:
    """The lead of an admitted call, received as any other; its signature is used up with it.

    ``key`` is the call's Idempotency-Key, remembered for this webhook.

    Raises:
        KeyReused: the key came before with another lead.
        Busy: the database was locked through every retry; nothing was written.
    """
    try:
        return _take(webhook, signature, given, key)
    except IntegrityError as error:
        # The same call came twice at once, and the other one has been committed.
        once = violates(error, WebhookCall, WebhookCall.ONCE)
        before = answered_before(webhook, signature) if once else None
        if before is None:
            raise
        return before


@act(durable=False)
def _take(webhook: Webhook, signature: str, given: LeadInput, key: str) -> Received:
    # Inserted before anything else is locked: the same call at the same time waits here.
    call = WebhookCall.objects.create(
        webhook=webhook,
        signature=signature,
        at=clock.now(),
        outcome=WebhookCall.Outcome.CREATED,
    )
    received = receive(given, key=key, scope=f"webhook:{webhook.pk}")
    call.lead = received.lead
    if received.outcome is not Outcome.CREATED:
        call.outcome = WebhookCall.Outcome.KNOWN
    call.save(update_fields=("lead", "outcome"))
    return received


@act(durable=False)
def note(webhook: Webhook, outcome: WebhookCall.Outcome, reason: str = "") -> None:
    """Keep for the admin that a call brought no lead, and why. Of such calls only the newest stay,
    so that whoever calls all day fills no disk."""
    WebhookCall.objects.create(
        webhook=webhook, at=clock.now(), outcome=outcome, reason=reason[:300]
    )
    _forget(webhook, WebhookCall.objects.filter(signature=""))


def signed_calls(webhook: Webhook) -> QuerySet[WebhookCall]:
    """The newest calls that were signed with its secret, whatever became of them."""
    return webhook.calls.exclude(outcome=WebhookCall.Outcome.UNSIGNED)[:SHOWN]


def unsigned_calls(webhook: Webhook) -> QuerySet[WebhookCall]:
    """The newest calls that were not: anybody's."""
    return webhook.calls.filter(outcome=WebhookCall.Outcome.UNSIGNED)[:STRANGERS]


@act(durable=False)
def add_webhook(webhook: Webhook, *, actor: AbstractUser | None = None) -> str:
    """Save a new webhook with a new secret; returns the secret, which is never to be had again."""
    secret = new_secret()
    webhook.secret = seal(secret)
    _save(webhook, actor, "")
    return secret


@act(durable=False)
def rotate(
    webhook: Webhook, *, keep: timedelta, actor: AbstractUser | None = None, known: bytes = b""
) -> str:
    """Give ``webhook`` a new secret and return it; the one before is good for ``keep`` longer.

    ``known``, the sealed secret that was confirmed to be replaced, guards against a second click.

    Raises:
        Outdated: the secret is another one meanwhile.
    """
    locked = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    if known and known != bytes(locked.secret):
        raise Outdated("The secret was rotated meanwhile.")
    secret = new_secret()
    locked.previous_secret, locked.secret = locked.secret, seal(secret)
    locked.previous_until = clock.now() + keep
    _save(locked, actor, "secret rotated")
    return secret


@act(durable=False)
def set_active(webhook: Webhook, active: bool, *, actor: AbstractUser | None = None) -> None:
    """Open or shut the door of a source."""
    locked = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    locked.active = active
    _save(locked, actor, "activated" if active else "deactivated")


@act(durable=False)
def forget_calls(moment: datetime) -> int:
    """Delete calls that cannot be played again, but for the newest of each webhook; returns how
    many."""
    over = WebhookCall.objects.filter(at__lt=moment - REPLAYABLE)
    return sum(_forget(webhook, over) for webhook in Webhook.objects.order_by("pk"))


def _forget(webhook: Webhook, calls: QuerySet[WebhookCall]) -> int:
    """Delete those of ``calls`` that are not among the webhook's newest ones of that kind, the
    unsigned ones being a kind of their own; returns how many."""
    own = calls.filter(webhook=webhook)
    unsigned = Q(outcome=WebhookCall.Outcome.UNSIGNED)
    return _all_but(SHOWN, own.exclude(unsigned)) + _all_but(STRANGERS, own.filter(unsigned))


def _all_but(most: int, calls: QuerySet[WebhookCall]) -> int:
    oldest = calls.order_by("-pk").values_list("pk", flat=True)[most : most + 1].first()
    return calls.filter(pk__lte=oldest).delete()[0] if oldest else 0


def _keys(webhook: Webhook | None, moment: datetime) -> tuple[list[str], str]:
    """The secrets that hold, and why there is none."""
    if webhook is None:
        return [], "unknown"
    sealed = [webhook.secret]
    if webhook.previous_holds(moment):
        sealed.append(webhook.previous_secret)
    keys = []
    for one in sealed:
        with suppress(SealBroken):
            keys.append(unseal(one))
    if not webhook.active:
        return keys, "inactive"
    return keys, "" if keys else "secret"


def _save(webhook: Webhook, actor: AbstractUser | None, reason: str) -> None:
    """Save it, and say in its history who did what."""
    attributed(webhook, actor, reason).save()
