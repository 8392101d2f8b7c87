"""How long something took, short enough for a table."""

from django.utils.translation import gettext as _


def duration(seconds: float | None) -> str:
    """Such as "45 s", "4 min 05 s", "2 h 10 min" or "3 d 4 h", on one line; "–" for None. Cut off,
    not rounded: a minute is reached when it is over."""
    return "–" if seconds is None else _said(int(seconds)).replace(" ", "\N{NO-BREAK SPACE}")


def _said(whole: int) -> str:
    minutes, hours = whole // 60, whole // 3600
    if whole < 60:
        return _("%(seconds)d s") % {"seconds": whole}
    if hours < 1:
        return _("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": whole % 60}
    if hours < 24:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes % 60}
    return _("%(days)d d %(hours)d h") % {"days": hours // 24, "hours": hours % 24}
