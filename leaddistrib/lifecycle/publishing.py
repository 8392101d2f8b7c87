"""Which version of the rules is in force: published, scheduled, rolled back to (RU2, RU3).

Acts that decide it follow each other: each first locks every version.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules, Outdated
from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.retrying import wake
from leaddistrib.lifecycle.transactions import act, violates
from leaddistrib.models import Alert, Publication, RuleSet
from leaddistrib.queries import clock, rulebook
from leaddistrib.queries.findings import errors

log = logging.getLogger(__name__)

ONE_PUBLISHED = "leaddistrib_one_published_ruleset"


@act(durable=False)
def publish(
    documents: Sequence[Mapping[str, object]],
    *,
    actor: AbstractUser | None = None,
    note: str = "",
) -> RuleSet:
    """Check rule documents (interfaces: rules as documents) and put them in force as one version.

    Raises:
        InvalidRules: with each problem and its place. Nothing was written.
    """
    return put_in_force(draft(documents, note=note), actor=actor)


def check(ruleset: RuleSet) -> None:
    """See whether a draft could be put in force as it is (RU4).

    Raises:
        InvalidRules: with each problem and its place.
    """
    problems: dict[str, str] = {}
    for error in errors(ruleset):
        problems[error.place] = " ".join(filter(None, (problems.get(error.place), error.sentence)))
    if problems:
        raise InvalidRules(problems)


@act(durable=False)
def put_in_force(
    ruleset: RuleSet,
    *,
    actor: AbstractUser | None = None,
    kind: str = Publication.Kind.PUBLISHED,
    confirmed: str | None = None,
) -> RuleSet:
    """Publish a draft, and archive the version that was published until now.

    ``confirmed`` is the ``rulebook.fingerprint`` of what somebody looked at; None where nobody did.

    Raises:
        InvalidRules: it is no draft (any more), or a check finds an error in it (RU4).
        Outdated: it was edited since, or another version came into force.
    """
    ruleset = lock_versions(ruleset)
    if ruleset.status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("Only a draft can be published.")})
    _look_again(ruleset, confirmed)
    # A draft may have been edited rule by rule in the admin site since it was checked.
    check(ruleset)
    return _in_force(ruleset, actor, kind)


@act(durable=False)
def roll_back(
    ruleset: RuleSet, *, actor: AbstractUser | None = None, confirmed: str | None = None
) -> RuleSet:
    """Put a version that was in force before in force again, as it was, in one act (RU3).

    It is not checked again: what no longer has anybody in it falls through to the rule's next
    steps and in the end to the safety net, and going back must work when things are wrong.

    Raises:
        InvalidRules: the version never was in force, or is.
        Outdated: another version came into force since ``confirmed``.
    """
    ruleset = lock_versions(ruleset)
    if ruleset.status != RuleSet.Status.ARCHIVED:
        raise InvalidRules({"rules": _("Only a version that was in force before can come back.")})
    _look_again(ruleset, confirmed)
    return _in_force(ruleset, actor, Publication.Kind.ROLLED_BACK)


def _look_again(ruleset: RuleSet, confirmed: str | None) -> None:
    """See that what was confirmed is what is there. The versions are locked: nobody edits them
    between this and what follows."""
    if confirmed is not None and confirmed != rulebook.fingerprint(ruleset):
        raise Outdated


def lock_versions(ruleset: RuleSet) -> RuleSet:
    """``ruleset`` as it is now, with every version locked until the transaction ends, so that
    publications, schedules and roll-backs follow each other. Leads are routed meanwhile.

    Raises:
        RuleSet.DoesNotExist: it was deleted meanwhile.
    """
    list(RuleSet.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    return RuleSet.objects.get(pk=ruleset.pk)


def _in_force(ruleset: RuleSet, actor: AbstractUser | None, kind: str) -> RuleSet:
    try:
        with transaction.atomic():
            return _switch(ruleset, actor, kind)
    except IntegrityError as error:
        if not violates(error, RuleSet, ONE_PUBLISHED):
            raise
    # The first lead of all was routed at this moment, and made version 0 to be routed by.
    return _switch(ruleset, actor, kind)


def _switch(ruleset: RuleSet, actor: AbstractUser | None, kind: str) -> RuleSet:
    for before in RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED):
        before.status = RuleSet.Status.ARCHIVED
        save_as(before, actor, "status")
    ruleset.status = RuleSet.Status.PUBLISHED
    ruleset.published_at = clock.now()
    ruleset.published_by = actor  # type: ignore[assignment]  # whatever AUTH_USER_MODEL is
    ruleset.scheduled_at = ruleset.scheduled_by = None
    save_as(
        ruleset, actor, "status", "published_at", "published_by", "scheduled_at", "scheduled_by"
    )
    Publication.objects.create(
        ruleset=ruleset,
        kind=kind,
        by=actor,  # type: ignore[misc]
        at=ruleset.published_at,
    )
    wake()  # what found nobody by the rules until now may find somebody by these (PU9)
    return ruleset


def save_as(ruleset: RuleSet, actor: AbstractUser | None, *fields: str) -> None:
    """Save these fields; the version's history says that ``actor`` changed them."""
    attributed(ruleset, actor).save(update_fields=fields)


@act(durable=False)
def schedule(
    ruleset: RuleSet,
    at: date | datetime,
    *,
    actor: AbstractUser | None,
    confirmed: str | None = None,
) -> RuleSet:
    """Let a draft come into force at ``at``, instead of any moment named before.

    A date is its first moment, and a time without a zone is wall time, in the organisation's zone
    (TIME_ZONE). The draft may still be edited; it is checked again when its moment comes.

    Raises:
        InvalidRules: it is no draft (any more), a check finds an error, or the moment is past.
        Outdated: it was edited since ``confirmed``, or another version came into force.
    """
    moment = organisations_moment(at)
    ruleset = lock_versions(ruleset)
    if ruleset.status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("Only a draft can be published.")})
    if moment <= clock.now():
        raise InvalidRules({"scheduled_at": _("Choose a moment that is still to come.")})
    _look_again(ruleset, confirmed)
    check(ruleset)
    ruleset.scheduled_at = moment
    ruleset.scheduled_by = actor  # type: ignore[assignment]  # whatever AUTH_USER_MODEL is
    save_as(ruleset, actor, "scheduled_at", "scheduled_by")
    return ruleset


@act(durable=False)
def unschedule(ruleset: RuleSet, *, actor: AbstractUser | None) -> RuleSet:
    """Keep a draft from coming into force by itself; harmless when it would not.

    Raises:
        InvalidRules: it is no draft (any more): it came into force before.
    """
    ruleset = lock_versions(ruleset)
    if ruleset.status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("It is too late: the version is or was in force.")})
    if ruleset.scheduled_at is not None:
        ruleset.scheduled_at = ruleset.scheduled_by = None
        save_as(ruleset, actor, "scheduled_at", "scheduled_by")
    return ruleset


def publish_scheduled(moment: datetime) -> int:
    """Publish the drafts whose time has come by ``moment``, oldest first; returns how many.

    Any number of workers may ask at once. A draft that a check objects to is taken off the
    schedule, and superusers are told by an alert.
    """
    due = RuleSet.objects.filter(status=RuleSet.Status.DRAFT, scheduled_at__lte=moment)
    published = 0
    for ruleset in due.order_by("scheduled_at", "version"):
        try:
            published += _publish_due(ruleset, moment)
        except RuleSet.DoesNotExist:
            continue  # thrown away meanwhile
        except InvalidRules as error:
            log.warning("ruleset=%s not published as scheduled: %s", ruleset.version, error)
            _give_up(ruleset, moment)
    return published


@act(durable=False)
def _publish_due(ruleset: RuleSet, moment: datetime) -> bool:
    ruleset = lock_versions(ruleset)
    if not _is_due(ruleset, moment):
        return False  # another worker did it, or somebody put it off
    put_in_force(ruleset, actor=ruleset.scheduled_by, kind=Publication.Kind.SCHEDULED)
    return True


@act(durable=False)
def _give_up(ruleset: RuleSet, moment: datetime) -> None:
    ruleset = lock_versions(ruleset)
    if _is_due(ruleset, moment):
        ruleset.scheduled_at = ruleset.scheduled_by = None
        save_as(ruleset, None, "scheduled_at", "scheduled_by")
        open_alert(
            Alert.Kind.SCHEDULE,
            f"ruleset:{ruleset.pk}",
            moment=moment,
            detail={"version": ruleset.version},
        )


def _is_due(ruleset: RuleSet, moment: datetime) -> bool:
    at = ruleset.scheduled_at
    return ruleset.status == RuleSet.Status.DRAFT and at is not None and at <= moment


def organisations_moment(at: date | datetime) -> datetime:
    """``at`` in UTC, read in the organisation's zone where it has none.

    Wall time that a change of clocks skips is the moment on the change's other side; wall time
    that comes twice, the first time.
    """
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    if timezone.is_naive(at):
        at = at.replace(tzinfo=timezone.get_default_timezone())
    return at.astimezone(UTC)
