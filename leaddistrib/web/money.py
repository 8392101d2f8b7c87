"""Money, short enough for a table."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.formats import number_format


def money(value: Mapping[str, Decimal]) -> list[str]:
    """Amounts without cents, each with its currency (ISO 4217), by which they are in order."""
    return [
        f"{_whole(amount)}\N{NO-BREAK SPACE}{currency}"
        for currency, amount in sorted(value.items())
    ]


def _whole(amount: Decimal) -> str:
    return number_format(amount, 0, use_l10n=True, force_grouping=True)
