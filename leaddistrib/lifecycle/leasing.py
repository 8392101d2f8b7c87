"""Taking what is due from other workers: each thing is one worker's, however many look."""

from datetime import datetime

from django.db import transaction
from django.db.models import Model, QuerySet


def lease(due: QuerySet[Model], time: str, until: datetime, limit: int) -> list[int]:
    """Take up to ``limit`` rows of ``due``, the longest due first; returns their ids.

    ``time`` names the field by which they are due. It is set to ``until``: they are due again
    then, should this worker die. A transaction of its own, which waits for nobody: what another
    worker holds is left out.
    """
    if not due.exists():  # without a transaction, which would lock all of SQLite
        return []
    with transaction.atomic():
        free = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
        pks = list(free.order_by(time, "pk").values_list("pk", flat=True)[:limit])
        due.model._default_manager.filter(pk__in=pks).update(**{time: until})
    return pks
