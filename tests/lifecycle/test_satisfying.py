"""What the customer says (OU1)."""

from datetime import UTC, datetime

import pytest

from leaddistrib.errors import Answered
from leaddistrib.lifecycle import record_outcome, undo_outcome
from leaddistrib.lifecycle.satisfying import answer, tell_satisfaction
from leaddistrib.models import Organisation, OutboxMessage, Satisfaction
from leaddistrib.notify.kinds import KINDS
from leaddistrib.notify.links import read_survey, survey_token
from leaddistrib.testing import LeadFactory, UserFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def lead(cast):
    with clock_at(NOON):
        return LeadFactory(owner=cast.amina, contact_email="ines@acme.example")


def asking(when, measure="csat"):
    Organisation.objects.update_or_create(
        pk=1, defaults={"satisfaction": when, "satisfaction_measure": measure}
    )


def finish(cast, lead, stage):
    with clock_at(NOON):
        return record_outcome(lead, stage, rep=cast.amina, by=cast.amina.user)


@pytest.mark.parametrize(
    ("when", "stage", "asked"),
    [
        ("never", "won", False),
        ("won", "won", True),
        ("won", "lost", False),
        ("closed", "won", True),
        ("closed", "lost", True),
        ("closed", "qualified", False),
    ],
)
def test_the_contact_is_asked_when_the_organisation_wants_it(cast, lead, when, stage, asked):
    asking(when)

    finish(cast, lead, stage)

    assert Satisfaction.objects.filter(lead=lead).exists() is asked
    assert OutboxMessage.objects.filter(event__startswith="satisfaction.asked:").count() == asked


def test_the_question_is_about_the_rep_and_goes_to_the_leads_contact(cast, lead):
    asking("won", "nps")

    finish(cast, lead, "won")

    asked = Satisfaction.objects.get()
    assert (asked.rep, asked.measure, asked.asked_at) == (cast.amina, "nps", NOON)
    message = OutboxMessage.objects.get(event=f"satisfaction.asked:{asked.pk}")
    assert (message.recipient, message.lead, message.channel) == (None, lead, "email")


def test_nobody_is_asked_twice_or_without_an_address(cast, lead):
    asking("closed")
    finish(cast, lead, "won")
    finish(cast, lead, "lost")
    with clock_at(NOON):
        nameless = LeadFactory(owner=cast.amina)
    finish(cast, nameless, "won")

    assert Satisfaction.objects.count() == 1


def test_a_win_that_was_undone_is_asked_about_no_more(cast, lead):
    asking("won")
    undo_outcome(finish(cast, lead, "won"), cast.amina.user)

    assert not Satisfaction.objects.exists()
    finish(cast, lead, "won")
    assert OutboxMessage.objects.filter(event__startswith="satisfaction.asked:").count() == 2


def test_the_customer_answers_once(cast, lead):
    asking("won")
    finish(cast, lead, "won")
    asked = Satisfaction.objects.get()

    with clock_at(NOON):
        answer(asked, 4, "  Quick and kind ")
    with pytest.raises(Answered):
        answer(asked, 1)

    asked.refresh_from_db()
    assert (asked.score, asked.comment, asked.answered_at) == (4, "Quick and kind", NOON)
    assert asked.by is None
    entry = lead.log.get(event="satisfaction.answered")
    assert (entry.rep, entry.actor) == (cast.amina, None)
    assert entry.detail == {"satisfaction": asked.pk, "measure": "csat", "score": 4}


@pytest.mark.parametrize(("measure", "score"), [("csat", 0), ("csat", 6), ("nps", 11), ("nps", -1)])
def test_only_scores_of_the_measure_count(cast, lead, measure, score):
    with pytest.raises(ValueError, match="no answer"):
        tell_satisfaction(lead, score, measure=measure, by=cast.amina.user)
    assert not Satisfaction.objects.exists()


def test_what_a_rep_was_told_is_kept_with_who_says_so_and_may_be_corrected(cast, lead):
    tell_satisfaction(lead, 3, by=cast.amina.user)
    told = tell_satisfaction(lead, 5, by=cast.amina.user)

    assert (told.score, told.by, told.rep) == (5, cast.amina.user, cast.amina)
    assert Satisfaction.objects.count() == 1


def test_the_customers_own_answer_is_not_overwritten(cast, lead):
    asking("won")
    finish(cast, lead, "won")
    answer(Satisfaction.objects.get(), 2)

    with pytest.raises(Answered):
        tell_satisfaction(lead, 5, by=cast.amina.user)
    assert Satisfaction.objects.get().score == 2


def test_the_customer_has_the_last_word(cast, lead):
    """A rep told a score before the customer answered the question."""
    asking("won")
    finish(cast, lead, "won")
    tell_satisfaction(lead, 5, by=cast.amina.user)

    told = answer(Satisfaction.objects.get(), 2)

    assert (told.score, told.by) == (2, None)


def test_a_rep_who_tells_a_score_first_does_not_silence_the_customer(cast, lead):
    """A week before, beside another stage, or in the very form in which the lead is won."""
    asking("won")
    tell_satisfaction(lead, 5, rep=cast.amina, by=cast.amina.user)

    finish(cast, lead, "won")
    tell_satisfaction(lead, 4, rep=cast.amina, by=cast.amina.user)

    asked = Satisfaction.objects.get()
    assert (asked.score, asked.by_customer, asked.asked_at) == (4, False, NOON)
    message = OutboxMessage.objects.get(event=f"satisfaction.asked:{asked.pk}")
    kind = KINDS["satisfaction.asked"]
    assert kind.objection(message, kind.load(message)) == ""
    answer(asked, 2)
    assert kind.objection(message, kind.load(message)) == "already_answered"


def test_what_a_rep_told_stays_the_reps_when_the_account_is_gone(cast, lead):
    manager = UserFactory(username="mireille")
    tell_satisfaction(lead, 5, by=manager)
    manager.delete()

    told = tell_satisfaction(lead, 3, by=cast.amina.user)

    assert (told.score, told.by_customer) == (3, False)
    assert answer(told, 1).by_customer is True


def test_what_a_rep_told_outlives_a_win_that_was_undone_and_the_question_does_not(cast, lead):
    asking("won")
    won = finish(cast, lead, "won")
    told = tell_satisfaction(lead, 4, by=cast.amina.user)
    link = survey_token(told)

    undo_outcome(won, cast.amina.user)

    left = Satisfaction.objects.get()
    assert (left.score, left.by, left.asked_at) == (4, cast.amina.user, None)
    assert read_survey(link) is None
    finish(cast, lead, "won")
    assert OutboxMessage.objects.filter(event=f"satisfaction.asked:{left.pk}").exists()
