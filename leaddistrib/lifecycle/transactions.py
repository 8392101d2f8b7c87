"""One transaction for each business act, tried again when the database asks for it.

The order of locks, everywhere: idempotency key → person → reps by ascending id → rotations by
ascending id → leads by ascending id → response clocks → offers → pools by ascending id. See
docs/locking.md.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet, UniqueConstraint
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from leaddistrib import conf
from leaddistrib.errors import Busy
from leaddistrib.models import Lead, Rep

P = ParamSpec("P")
T = TypeVar("T")

RETRIES = 5
TRANSIENT = {
    "40001",  # serialization failure
    "40P01",  # deadlock detected
    "55P03",  # lock not available within lock_timeout
}


def act(*, durable: bool) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Run a function in one transaction; on a deadlock or lock time-out, again, up to 5 times.

    ``durable``: it must be the outermost transaction, because what it answers (you won) must be
    committed before anybody hears it. Retries happen outside the transaction, with jitter; inside
    a caller's transaction the error is the caller's to handle.

    Raises:
        Busy: the database was still locked after the last try. Nothing was written.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            if connection.in_atomic_block:
                with transaction.atomic(durable=durable):
                    return function(*args, **kwargs)
            attempts = Retrying(
                retry=retry_if_exception(is_transient),
                stop=stop_after_attempt(1 + RETRIES),
                wait=wait_random_exponential(multiplier=0.02, max=0.5),
                reraise=True,
            )
            try:
                result: T = attempts(_once, function, durable, args, kwargs)
                return result
            except OperationalError as error:
                if is_transient(error):
                    raise Busy("The database is busy. Nothing was changed; try again.") from error
                raise

        return run

    return decorate


def _once(
    function: Callable[..., T], durable: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    with transaction.atomic(durable=durable):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true)",
                    [f"{int(conf.settings.LOCK_TIMEOUT * 1000)}ms"],
                )
        return function(*args, **kwargs)


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when it is tried again."""
    if not isinstance(error, OperationalError):
        return False
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in TRANSIENT or "database is locked" in str(error)


def violates(error: IntegrityError, model: type[Model], constraint: str) -> bool:
    """Whether ``error`` comes from the unique constraint of this name.

    PostgreSQL names the constraint; SQLite names its columns.
    """
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == constraint)
    fields = next(
        rule.fields
        for rule in model._meta.constraints
        if isinstance(rule, UniqueConstraint) and rule.name == constraint
    )
    columns = {column.name: column.column for column in model._meta.concrete_fields}
    named = ", ".join(f"{model._meta.db_table}.{columns[field]}" for field in fields)
    return str(error).endswith(f": {named}")


def lock_reps(reps: Iterable[int]) -> None:
    """Lock reps, by ascending id, until the transaction ends.

    Limits of a rep (open leads, later claims a day) are counted after this, so that ten tabs of
    one rep queue up here instead of all passing the same count. NO KEY: rows that merely point at
    the rep are not held up.
    """
    list(_locked_reps(Rep.objects.filter(pk__in=set(reps))))


def lock_scope(reps: QuerySet[Rep]) -> list[int]:
    """Lock all of ``reps``, by ascending id, and return their ids.

    What the query selects them by is read again afterwards: a rep who was moved to another team
    while we waited for the lock is not in this one any more.
    """
    return list(_locked_reps(reps))


def _locked_reps(reps: QuerySet[Rep]) -> QuerySet[Rep, int]:
    locked = reps.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return locked.values_list("pk", flat=True)


def lock_lead(lead: int) -> Lead:
    """The lead as it is now, with its pool, locked until the transaction ends.

    Taken after the reps' locks. NO KEY: a rival's claim row that points at the lead is checked at
    the rival's commit, and would otherwise wait for us there while we wait for the rival.

    Raises:
        Lead.DoesNotExist: it was deleted meanwhile.
    """
    return (
        Lead.objects.select_for_update(no_key=True, of=("self",))
        .select_related("pool", "owner__user")
        .get(pk=lead)
    )
