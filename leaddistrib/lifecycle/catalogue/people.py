"""How a file names people: reps by their user names, loaded once for all its rows."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.models import Rep


class Reps:
    """All reps by user name."""

    def __init__(self) -> None:
        self._by_name = dict(Rep.objects.order_by().values_list("user__username", "pk"))

    def find(self, username: str) -> int:
        """The rep's primary key. Raises ValidationError if there is no such rep."""
        if username not in self._by_name:
            raise ValidationError(
                _("Expected the user name of a rep, got “%(value)s”."),
                params={"value": shown(username)},
            )
        return self._by_name[username]

    def find_any(self, username: str) -> int | None:
        """The same; None for "", which is nobody."""
        return self.find(username) if username else None
