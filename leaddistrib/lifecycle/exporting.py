"""Whoever takes many leads, or figures of people, out as a file leaves a line of record (IG)."""

import logging
from collections.abc import Mapping

from django.contrib.auth.models import AbstractUser

from leaddistrib.models import Organisation
from leaddistrib.queries.exports import Export
from leaddistrib.queries.organisation import organisation

log = logging.getLogger(__name__)


def record_export(
    what: str, rows: int, asked: Mapping[str, object], *, actor: AbstractUser | None
) -> None:
    """Keep that ``actor`` exported ``rows`` rows of ``what`` ("leads" or "distribution"), chosen by
    ``asked``: filters and periods by name, without anything personal (see NOT_KEPT), since it stays
    for good. Call it before the file is sent, so that one that was broken off is known too.

    The record of changes shows it (admin site, *Changes of the configuration*), with as much of
    ``asked`` as 100 characters hold; the process's log has all of it.
    """
    export = Export.of(what, rows, asked)
    log.info("export=%s rows=%d user=%s asked=%s", what, rows, actor and actor.pk, export.asked)
    # A line of the organisation's own history, which everybody's database has: nothing of the
    # organisation changes.
    Organisation.history.bulk_history_create(
        [organisation()],
        update=True,
        default_user=actor,
        default_change_reason=export.kept(),
    )
