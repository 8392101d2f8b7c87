"""Why a message was not taken: what a channel raises, and what the outbox makes of it (NO4).

A code is stable and put into words by the admin site. ``detail`` is shown there as it is: a
provider's own words, never an address, a key or anything else that is secret.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from leaddistrib.errors import LeadDistribError


class NotSent(LeadDistribError):
    """The base of what follows. ``gone``: devices that exist no more, for the channel's
    ``settle``, whatever became of the message."""

    code = "not_sent"

    def __init__(self, code: str, detail: object = "", *, gone: Sequence[int] = ()) -> None:
        self.code, self.gone = code, tuple(gone)
        text = " ".join(str(detail).split())
        super().__init__(f"{code}: {text}" if text else code)


class Refused(NotSent):
    """It will never be taken as it is: a dead letter at once."""


class Later(NotSent):
    """It may be taken another time: a time-out, 429, 5xx. ``after`` is the wait that the provider
    asked for, if it did."""

    def __init__(
        self,
        code: str,
        detail: object = "",
        *,
        after: timedelta | None = None,
        gone: Sequence[int] = (),
    ) -> None:
        super().__init__(code, detail, gone=gone)
        self.after = after


class NotYet(NotSent):
    """It waits for another message, which is no failure: until then if that is known, else for a
    moment."""

    def __init__(self, code: str, *, until: datetime | None = None) -> None:
        super().__init__(code)
        self.until = until


class NotSetUp(Later):
    """The provider does not take our credentials, or has none from us. Tried again like ``Later``,
    for an admin may mend it, who is told at once."""


class NoDevice(NotSent):
    """There is nothing to send it to: no address, no number, no device. It is dropped, and a push
    notification gives way to its SMS."""
