"""What is kept of an export: what went out, how much of it, and by what it was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop, ngettext

KEPT = 100
"""Characters that a line of history has for its reason."""

NOT_KEPT = gettext_noop("(not kept)")
"""In the place of a value that may be personal, such as what was searched for."""

WHAT = {
    "leads": lazy("leads"),
    "distribution": lazy("distribution"),
    "responses": lazy("responses"),
    "waiting": lazy("waiting times"),
    "territories": lazy("territories"),
}


@dataclass(frozen=True, slots=True)
class Export:
    """``what`` is a key of WHAT; ``asked`` the filters and periods, written as in an address."""

    what: str
    rows: int
    asked: str

    @classmethod
    def of(cls, what: str, rows: int, asked: Mapping[str, object]) -> "Export":
        given = {name: value for name, value in asked.items() if value not in ("", None)}
        return cls(what, rows, urlencode(sorted(given.items())))

    @classmethod
    def read(cls, reason: str) -> "Export | None":
        """The export that a line of history tells of; None when it tells of something else."""
        word, _colon, rest = reason.partition(":")
        what, _colon, rest = rest.partition(":")
        rows, _colon, asked = rest.partition(":")
        return cls(what, int(rows), asked) if word == "export" and rows.isdecimal() else None

    def kept(self) -> str:
        """As a line of history keeps it; what does not fit ends in “…”."""
        whole = f"export:{self.what}:{self.rows}:{self.asked}"
        return whole if len(whole) <= KEPT else f"{whole[: KEPT - 1]}…"

    @property
    def name(self) -> str:
        """What went out, in the reader's language."""
        return str(WHAT.get(self.what, self.what))

    @property
    def sentence(self) -> str:
        """How much and by what it was chosen, in the reader's language."""
        counted = ngettext("%(count)d row", "%(count)d rows", self.rows) % {"count": self.rows}
        chosen = ", ".join(
            f"{name} = {_(NOT_KEPT) if value == NOT_KEPT else value}"
            for name, value in parse_qsl(self.asked)
        )
        if not chosen:
            return _("%(rows)s, without any filter") % {"rows": counted}
        return _("%(rows)s, chosen by %(filters)s") % {"rows": counted, "filters": chosen}
