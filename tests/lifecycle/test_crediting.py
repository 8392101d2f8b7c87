"""What counts as a turn: charged when it came out of order, given back when it was none (PU7)."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction

from leaddistrib.engine.turns import STRIDE
from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import close, receive, receive_many, release, route, take_back
from leaddistrib.lifecycle.crediting import charge_turns, credit_turn
from leaddistrib.lifecycle.handing_over import hand_over
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, LogEntry, Seat, Turn
from leaddistrib.queries import clock
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import LeadFactory, UserFactory, publish_rules

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_turn(cast, push_to_paris):
    publish_rules(push_to_paris())
    return cast


def arrive(number=1, **fields):
    given = [clean({"company": f"Company {n}", **fields}) for n in range(number)]
    return [received.lead for received in receive_many(given)]


def owners(leads):
    return [lead.owner.user.username for lead in leads]


def all_is_well():
    return [finding.code for finding in findings(clock.now())] == []


@pytest.mark.parametrize("credit", ["duplicate", "invalid", "no_show"])
def test_a_lead_closed_as_none_gives_its_turn_back(in_turn, credit):
    [lead] = arrive()

    close(lead, in_turn.amina, reason="Known since May", credit=credit)

    given = Turn.objects.get(kind="credit")
    assert given.credits is not None
    assert (given.credits.lead, given.lead, given.reason) == (lead, lead, credit)
    assert Seat.objects.get().credit == STRIDE
    entry = LogEntry.objects.get(event="turn.credited")
    assert (entry.rep, entry.actor, entry.detail) == (
        in_turn.amina,
        in_turn.amina.user,
        {"reason": credit},
    )
    assert all_is_well()


def test_a_second_credit_takes_nothing_from_who_had_the_lead_before(in_turn):
    """Amina gave the lead back, Bruno's turn is credited: asked again, nothing happens."""
    [lead] = arrive()
    release(lead, in_turn.amina, reason="Not my trade")
    lead.refresh_from_db()
    assert lead.owner == in_turn.bruno

    assert credit_turn(lead, reason="invalid") is True
    assert credit_turn(lead, reason="invalid") is False

    assert Turn.objects.get(kind="credit").seat.rep == in_turn.bruno
    assert all_is_well()


def test_a_lead_that_came_back_from_a_hand_over_gives_its_turn_back(in_turn):
    """Bruno had it in between, and has his turn back already."""
    amina, mireille = in_turn.amina, UserFactory(username="mireille")
    [lead] = arrive()
    done = hand_over(amina, actor=mireille, reason="Amina leaves us")
    assert owners(Lead.objects.all()) == ["bruno"]
    take_back(done.handover, actor=mireille, reason="She stays")

    close(lead, amina, credit="invalid")

    given = Turn.objects.filter(kind="credit").order_by("id")
    assert [(one.seat.rep, one.lead) for one in given] == [(in_turn.bruno, lead), (amina, lead)]
    assert credit_turn(lead, reason="invalid") is False
    assert all_is_well()


def test_turns_given_back_are_taken_again_whatever_happens_meanwhile(in_turn):
    """Both of Amina's leads were none, and she is away while Bruno gets ten."""
    first = arrive(4)
    for lead in first[::2]:
        close(lead, in_turn.amina, credit="invalid")
    in_turn.amina.paused = True
    in_turn.amina.save()
    arrive(10)
    in_turn.amina.paused = False
    in_turn.amina.save()

    assert owners(first) == ["amina", "bruno", "amina", "bruno"]
    assert owners(arrive(6)) == ["amina", "amina", "amina", "bruno", "amina", "bruno"]
    assert Seat.objects.get(rep=in_turn.amina).credit == 0
    assert all_is_well()


def test_a_lead_that_is_simply_closed_gives_nothing_back(in_turn):
    [lead] = arrive()

    close(lead, in_turn.amina, reason="No interest")

    assert not Turn.objects.filter(kind="credit").exists()
    assert owners(arrive(2)) == ["bruno", "amina"]


def test_only_the_owner_gives_a_turn_back_by_closing(in_turn):
    [lead] = arrive()

    with pytest.raises(NotYours):
        close(lead, in_turn.bruno, credit="duplicate")
    with pytest.raises(ValueError, match="gives no turn back"):
        close(lead, in_turn.amina, credit="boredom")

    assert not Turn.objects.filter(kind="credit").exists()


def test_a_turn_is_given_back_once(in_turn):
    [lead] = arrive()

    assert credit_turn(lead, reason="no_show") is True
    assert credit_turn(lead, reason="no_show") is False
    assert Seat.objects.get().credit == STRIDE


def test_a_lead_that_took_no_turn_has_none_to_give_back(cast):
    lead = LeadFactory(owner=cast.amina)

    assert credit_turn(lead, reason="invalid") is False
    close(lead, cast.amina, credit="invalid")
    assert not Turn.objects.exists()


def test_a_lead_by_hand_counts_where_the_team_counts_it(in_turn):
    lead = LeadFactory(owner=in_turn.amina)

    def by_hand():
        with transaction.atomic():
            return charge_turns([lead], in_turn.amina, clock.now(), reason="She knows them")

    assert by_hand() is False
    in_turn.paris.count_manual = True
    in_turn.paris.save()
    in_turn.amina.refresh_from_db()
    assert by_hand() is True

    charge = Turn.objects.get()
    assert (charge.kind, charge.lead, charge.reason) == ("charge", lead, "She knows them")
    assert Counter(owners(arrive(3))) == {"bruno": 2, "amina": 1}
    assert all_is_well()


def test_the_ledger_is_in_value_too(in_turn):
    lead = Lead(company="Acme", received_at=clock.now(), value=Decimal("1200.50"), currency="EUR")
    with transaction.atomic():
        route([lead])

    assert (Turn.objects.get().value, Turn.objects.get().currency) == (Decimal("1200.50"), "EUR")


def test_editing_a_team_resets_nobodys_count(in_turn):
    """Amina moves to Lyon and back, Bruno's weight changes, the rules are published again."""
    arrive(5)
    before = Seat.objects.get(rep=in_turn.amina)

    for team in (in_turn.lyon, in_turn.paris):
        in_turn.amina.team = team
        in_turn.amina.save()
    in_turn.bruno.weight = 2
    in_turn.bruno.save()
    in_turn.paris.name = "Paris Nord"
    in_turn.paris.save()

    after = Seat.objects.get(rep=in_turn.amina)
    assert (
        (after.turns, after.virtual_time) == (before.turns, before.virtual_time) == (3, 3 * STRIDE)
    )
    assert receive(clean({"company": "Acme"})).lead.owner == in_turn.bruno
    assert all_is_well()
