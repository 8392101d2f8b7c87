"""Times beside those of a bare reference, and whether they are what they should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

NAMES = ("p50", "p95", "p99")


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The time within which 50, 95 and 99 of 100 are. With fewer than two values: that of all."""
    if len(values) < 2:
        return dict.fromkeys(NAMES, *values)
    cut = quantiles(values, n=100, method="inclusive")
    return dict(zip(NAMES, (cut[49], cut[94], cut[98]), strict=True))


@dataclass(frozen=True, slots=True)
class Aim:
    """So many seconds at most, at this percentile, and all of so many measured at all."""

    name: str
    seconds: float
    number: int


def show(name: str, values: Sequence[float], bare: Sequence[float], aim: Aim | None = None) -> bool:
    """Print a row: milliseconds, beside each how many times as long as the bare reference, and the
    worst. Returns whether it is as aimed at."""
    if not values:
        print(f"  {name:26} nothing came")
        return aim is None
    own, reference = percentiles(values), percentiles(bare)
    row = "  ".join(
        f"{one} {1000 * own[one]:6.0f} ms ({own[one] / reference[one]:4.1f} x)" for one in NAMES
    )
    met = aim is None or (len(values) == aim.number and own[aim.name] <= aim.seconds)
    wanted = "" if aim is None else f"   {aim.name} within {1000 * aim.seconds:.0f} ms of all: "
    said = "" if aim is None else ("yes" if met else f"NO ({len(values)} of {aim.number})")
    print(f"  {name:26} {row}  worst {1000 * max(values):6.0f} ms{wanted}{said}", flush=True)
    return met
