"""Where an uploaded file waits between its preview and its confirmation.

django-import-export has the place. What the browser holds is a signed token, good for a day and for
whoever uploaded the file: it names a path.
"""

from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as lazy

SALT = "leaddistrib.admin.imports"
DAY = 24 * 60 * 60

BUSY = lazy("Too much is going on at once. What was imported stays so: upload the file again.")
"""A file is written in several transactions, and was taken away before the first."""


class Uploads:
    """The waiting files of one admin page; ``page`` is its ModelAdmin, an ImportMixin."""

    def __init__(self, page: Any, request: HttpRequest) -> None:
        self._storage = page.get_tmp_storage_class()
        self._salt = f"{SALT}.{page.opts.model_name}"
        self._request = request

    def keep(self, content: bytes, name: str) -> str:
        """Put the file there; returns its token."""
        storage = self._storage(read_mode="rb")
        storage.save(content)
        return signing.dumps([storage.name, name, self._request.user.pk], salt=self._salt)

    def read(self) -> tuple[bytes | None, str]:
        """The file that the posted token names, None once it was taken away, and its own name."""
        place, name = self._posted()
        try:
            return self._storage(name=place, read_mode="rb").read(), name
        except OSError:
            return None, name

    def take_away(self) -> bool:
        """Before anything is imported: a second click finds nothing to import. False if somebody
        was faster."""
        place, _name = self._posted()
        try:
            self._storage(name=place, read_mode="rb").remove()
        except OSError:
            return False
        return True

    def _posted(self) -> tuple[str, str]:
        """Raises PermissionDenied for a token that is not this user's."""
        try:
            token = signing.loads(self._request.POST.get("file", ""), salt=self._salt, max_age=DAY)
        except signing.BadSignature as error:
            raise PermissionDenied from error
        place, name, user = token
        if user != self._request.user.pk:
            raise PermissionDenied
        return place, name
