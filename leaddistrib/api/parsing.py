"""The one content type that the API reads."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from leaddistrib.api.errors import TooLarge

MAX_BYTES = 1024 * 1024
"""Larger than the largest lead: 50 attributes of 2,000 characters."""


class JSON(JSONRenderer):
    """Answers in UTF-8, whatever the host's settings say of JSON."""

    ensure_ascii = False
    compact = True
    strict = True


class StrictJSONParser(BaseParser):
    """JSON as its standard says: no NaN. Bounded, because DRF reads past Django's own limit."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ParseError, or TooLarge."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge
        try:
            text = body.decode()
            data = json.loads(text, parse_constant=_refuse)
            if "\\u" in text:
                # Half of a surrogate pair is valid JSON, and a text that nobody can store or send.
                json.dumps(data, ensure_ascii=False).encode()
            return data
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON in UTF-8.")) from error


def _refuse(name: str) -> None:
    raise ValueError(name)
