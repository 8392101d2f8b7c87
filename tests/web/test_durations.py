"""How long something took is said shortly, and never rounded up."""

import pytest
from django.utils import translation

from leaddistrib.web.durations import duration

SAID = {
    None: "–",
    0: "0 s",
    59.9: "59 s",
    60: "1 min 00 s",
    245: "4 min 05 s",
    3599: "59 min 59 s",
    3600: "1 h 00 min",
    86399: "23 h 59 min",
    90000: "1 d 1 h",
}


@pytest.mark.parametrize(("seconds", "said"), SAID.items())
def test_each_length_has_its_two_largest_units(seconds, said):
    with translation.override("en"):
        shown = duration(seconds)
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == said
    assert " " not in shown
