"""What a consistency check is, and what it finds (OP3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong ``count`` times. ``examples`` names the first of them: public ids of
    leads, otherwise names. ``remedy`` says how it is mended."""

    code: str
    message: str
    remedy: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """``rows`` gives what is wrong at a moment; ``named`` is the lookup that names such a row."""

    code: str
    message: "StrOrPromise"
    remedy: "StrOrPromise"
    rows: Callable[[datetime], QuerySet[Any]]
    named: str = "public_id"
