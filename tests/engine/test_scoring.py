"""Points per condition add up to a score that can be explained (IN6)."""

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.scoring import Points, Score, score


def points(name: str, given: int, **field_is: object) -> Points:
    leaves = [{"field": name, "op": "eq", "value": value} for name, value in field_is.items()]
    return Points(name, parse({"all": leaves} if leaves else {}), given)


DEMO = points("Asks for a demo", 60, lead_type="demo")
FRENCH = points("In France", 30, country="FR")
STUDENT = points("Student", -80, industry="education")
EVERYBODY = points("Came in", 5)


def test_the_points_of_all_rules_that_hold_add_up_and_say_where_they_come_from() -> None:
    made = score([DEMO, FRENCH, STUDENT, EVERYBODY], {"lead_type": "demo", "country": "FR"})

    assert made == Score(95, (("Asks for a demo", 60), ("In France", 30), ("Came in", 5)))
    assert made.as_document() == {
        "score": 95,
        "points": [
            {"rule": "Asks for a demo", "points": 60},
            {"rule": "In France", "points": 30},
            {"rule": "Came in", "points": 5},
        ],
    }


def test_a_score_never_leaves_0_to_100() -> None:
    assert score([DEMO, DEMO], {"lead_type": "demo"}).score == 100
    assert score([STUDENT], {"industry": "education"}).score == 0


def test_the_sum_is_cut_at_the_end_only_whatever_the_order() -> None:
    values = {"lead_type": "demo", "industry": "education"}

    assert score([STUDENT, DEMO, DEMO], values).score == 40
    assert score([DEMO, DEMO, STUDENT], values).score == 40


def test_a_lead_that_passes_no_rule_scores_nothing() -> None:
    assert score([DEMO], {"lead_type": "newsletter"}) == Score(0)
