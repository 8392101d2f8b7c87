"""Who changed a row, and why, for its history."""

from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

R = TypeVar("R", bound=Model)

REASON = 100
"""Characters of a reason that a history keeps."""


def attributed(row: R, actor: AbstractBaseUser | AnonymousUser | None, reason: str = "") -> R:
    """``row``, whose next change or deletion the history says to be ``actor``'s, for this
    ``reason`` if there is one: simple_history reads both from the row."""
    row._history_user = actor  # type: ignore[attr-defined]
    if reason:
        row._change_reason = reason[:REASON]  # type: ignore[attr-defined]
    return row
