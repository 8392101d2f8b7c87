"""Reps, as a file names them."""

from collections import defaultdict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.models import Rep


class Reps:
    """Who is called what. Knows the reps of the moment it is made."""

    def __init__(self) -> None:
        self.usernames: dict[str, int] = {}
        self.names: dict[str, list[int]] = defaultdict(list)
        for rep in Rep.objects.select_related("user"):
            self.usernames[_plain(rep.user.get_username())] = rep.pk
            self.names[_plain(rep.name)].append(rep.pk)

    def find(self, value: object) -> int:
        """The primary key of the rep of this user name or full name. Raises ValidationError if
        there is none, or more than one."""
        text = _plain(str(value))
        if text in self.usernames:
            return self.usernames[text]
        found = self.names.get(text, [])
        if len(found) == 1:
            return found[0]
        if found:
            message = _("Several reps are called “%(value)s”: give the user name.")
        else:
            message = _("There is no rep “%(value)s”: expected a user name or a full name.")
        raise ValidationError(message, params={"value": shown(value)})


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
