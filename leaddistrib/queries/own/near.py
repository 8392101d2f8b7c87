"""The limits that a rep is near, said where the rep decides about a lead (GU7)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.queries.own.remaining import Cold, Left, Ratio, Remaining


def near(left: Remaining) -> list[str]:
    """A sentence for each limit of which a fifth or one claim is left. Of those that are used up
    only the ones that close some leads: what stands against any claim is said anyway. No query."""
    return [
        *_of_number(left.today, _("%(left)d of %(limit)d race claims left today.")),
        *_of_number(left.week, _("%(left)d of %(limit)d leads left this week.")),
        *_hot(left.hot),
        *_assigned(left.assigned),
        *_cold(left.cold),
    ]


def _of_number(one: Left | None, text: str) -> Iterator[str]:
    if one and 0 < one.left <= max(1, one.limit // 5):
        yield text % {"left": one.left, "limit": one.limit}


def _hot(one: Ratio | None) -> Iterator[str]:
    if one is None or one.left > 1:
        return
    yield (
        _("1 hot lead left until a warm one is needed.")
        if one.left
        else _("Claim a warm lead before the next hot one.")
    )


def _assigned(one: Ratio | None) -> Iterator[str]:
    if one and one.left == 1:
        yield _("1 race claim left until an assigned lead is needed.")


def _cold(one: Cold | None) -> Iterator[str]:
    if one and one.first:
        yield ngettext(
            "Claim %(count)d cold lead first: until then, warmer ones in races are closed to you.",
            "Claim %(count)d cold leads first: until then, warmer ones in races are closed to you.",
            one.left,
        ) % {"count": one.left}
