"""What the documentation says of a fair race is what a run of it gives."""

from tools import fair_race


def test_the_tables_of_the_fair_race_are_those_of_a_run(db):
    page = fair_race.PAGE.read_text("utf-8")
    assert fair_race.in_page(page) == fair_race.tables()
