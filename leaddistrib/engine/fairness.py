"""How evenly something is spread: the Gini coefficient (FA1)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

Number = int | float | Decimal | Fraction


def gini(values: Sequence[Number]) -> float:
    """The Gini coefficient of non-negative ``values``: 0 when all are equal, (n-1)/n, which nears
    1, when one of n has everything. 0 for no values, and when all are zero: nothing is unfairly
    spread.

    Reckoned in fractions: it depends neither on the order of the values nor on their unit.

    Raises:
        ValueError: a value is negative, infinite or not a number.
    """
    try:
        ordered = sorted(Fraction(value) for value in values)
    except OverflowError as error:
        raise ValueError("The Gini coefficient is of finite values.") from error
    if ordered and ordered[0] < 0:
        raise ValueError("The Gini coefficient is of values that are not negative.")
    total = sum(ordered)
    if not total:
        return 0.0
    count = len(ordered)
    ranked = sum((2 * rank - count - 1) * value for rank, value in enumerate(ordered, start=1))
    return float(ranked / (count * total))
