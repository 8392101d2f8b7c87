"""What is not answered goes to somebody who will (SL3, SL6)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError

from leaddistrib.engine.gates import Refusal
from leaddistrib.lifecycle import (
    assign_by_hand,
    claim,
    log_contact,
    receive,
    release,
)
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.lifecycle.firing import LEASE, fire_due
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.responding import look_again
from leaddistrib.models import (
    Alert,
    Assignment,
    Gateway,
    Lead,
    LogEntry,
    NotificationSettings,
    Offer,
    OutboxMessage,
    ResponseClock,
    ResponsePolicy,
    ResponseRollup,
    TeamChat,
    WorkingHours,
)
from leaddistrib.notify.kinds import kind_of
from leaddistrib.policy import Role, Sight
from leaddistrib.queries.alerts import open_alerts, waiting_for
from leaddistrib.queries.explanations import trace
from leaddistrib.queries.policies import outlook
from leaddistrib.queries.sentences import sentence
from leaddistrib.testing import (
    LeadFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    clock_at,
    publish_rules,
)
from tests.lifecycle.policies import only_policy

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta()


@pytest.fixture
def company(cast, push_to_paris):
    """Amina has Acme since noon, by turn; Bruno is next. Chloé of Lyon is her backup, Mireille,
    who works leads too, manages Paris. Nobody has any hours."""
    publish_rules(push_to_paris())
    cast.mireille = RepFactory(user__username="mireille")
    cast.paris.managers.add(cast.mireille.user)
    cast.amina.backup = cast.chloe
    cast.amina.save()
    ResponsePolicy.objects.all().delete()
    return cast


@pytest.fixture
def given(company):
    """``given("backup", "rules")``: Acme, under a policy with these steps, after 20 minutes."""

    def give(*steps, **fields):
        company.policy = only_policy(*steps, pool=company.pool, **fields)
        with clock_at(NOON):
            company.lead = receive(clean({"company": "Acme"})).lead
        assert company.lead.owner == company.amina
        return company

    return give


def fire(at, limit=50):
    """A worker's round at ``at``; returns how many clocks it looked at."""
    with clock_at(at):
        return fire_due(at, limit)


def owner(company):
    company.lead.refresh_from_db()
    return company.lead.owner


def messages(event):
    found = OutboxMessage.objects.filter(event__startswith=event, channel="email")
    return {message.recipient.username for message in found if message.recipient}


def phone(rep):
    """It can be reached by SMS."""
    Gateway.objects.get_or_create(channel="sms", defaults={"address": "https://sms.example/"})
    NotificationSettings.objects.create(user=rep.user, phone="+33600000000", sms=True)


def told(lead):
    return list(lead.log.order_by("pk").values_list("event", flat=True))


# What the clock does by itself


def test_the_rep_is_reminded_once_before_the_time_is_up(given):
    company = given()
    assert fire(NOON + 4 * MINUTE) == 0

    assert fire(NOON + 5 * MINUTE) == 1
    assert fire(NOON + 5 * MINUTE + timedelta(seconds=1)) == 0

    clock = ResponseClock.objects.get()
    assert (clock.reminded_at, clock.lapsed_at) == (NOON + 5 * MINUTE, None)
    assert clock.next_at == NOON + 10 * MINUTE
    assert told(company.lead)[-1] == "response.reminded"


def test_a_reminder_is_not_sent_when_it_is_too_late_for_it(given):
    given()

    fire(NOON + 12 * MINUTE)

    clock = ResponseClock.objects.get()
    assert (clock.reminded_at, clock.lapsed_at) == (None, NOON + 12 * MINUTE)
    assert not OutboxMessage.objects.filter(event__startswith="response.reminder")


def test_a_passed_deadline_is_noted_once_and_the_lead_stays_until_its_step(given):
    company = given("backup")

    fire(NOON + 10 * MINUTE)
    fire(NOON + 15 * MINUTE)

    assert owner(company) == company.amina
    clock = ResponseClock.objects.get()
    assert (clock.lapsed_at, clock.next_at) == (NOON + 10 * MINUTE, NOON + 20 * MINUTE)
    assert told(company.lead).count("response.lapsed") == 1
    assert ResponseRollup.objects.get().lapsed == 1


def test_when_the_time_is_up_the_rep_and_the_managers_are_told_at_once(given):
    company = given("backup")
    phone(company.amina)
    phone(company.mireille)
    room = TeamChat.objects.create(team=company.paris, channel="teams", name="Paris")

    fire(NOON + 10 * MINUTE)
    fire(NOON + 15 * MINUTE)

    told_at_once = OutboxMessage.objects.filter(event__startswith="response.lapsed")
    assert {(one.recipient, one.channel, one.due_at) for one in told_at_once} == {
        (company.amina.user, "email", NOON + 10 * MINUTE),
        (company.amina.user, "sms", NOON + 10 * MINUTE),
        (company.mireille.user, "email", NOON + 10 * MINUTE),
        (None, "teams", NOON + 10 * MINUTE),
    }
    assert [one.chat for one in told_at_once if one.chat] == [room]
    assert owner(company) == company.amina


def test_whoever_called_just_after_the_deadline_is_not_told_that_nobody_did(given):
    company = given("backup")
    fire(NOON + 10 * MINUTE)
    message = OutboxMessage.objects.get(
        event__startswith="response.lapsed", recipient=company.amina.user
    )
    kind = kind_of(message)
    assert kind
    assert kind.objection(message, kind.load(message)) == ""
    with clock_at(NOON + 11 * MINUTE):
        log_contact(company.lead, company.amina, "call")

    assert kind.objection(message, kind.load(message)) == "already_answered"


def test_whoever_loses_the_lead_in_the_same_breath_hears_that_alone(given):
    company = given("backup")

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.chloe
    assert messages("response.lapsed") == set()
    assert messages("lead.handed_on") == {"amina"}


def test_when_the_step_finds_nobody_the_rep_and_the_managers_hear_that_it_is_late(given):
    company = given("backup")
    set_paused(company.chloe, True)

    fire(NOON + 20 * MINUTE)
    fire(NOON + 35 * MINUTE)

    assert owner(company) == company.amina
    late = OutboxMessage.objects.filter(event__startswith="response.lapsed", channel="email")
    told = late.order_by("recipient__username").values_list("recipient__username", flat=True)
    assert list(told) == ["amina", "mireille"]
    assert messages("lead.handed_on") == set()


def test_who_was_in_touch_is_left_in_peace(given):
    company = given("backup")
    with clock_at(NOON + 4 * MINUTE):
        log_contact(company.lead, company.amina, "call")

    assert fire(NOON + 60 * MINUTE) == 0
    assert owner(company) == company.amina


def test_what_was_due_while_no_worker_ran_is_done_once(given):
    """After 15 days: one deadline, one step."""
    company = given("backup", "manager")
    later = NOON + timedelta(days=15)

    assert fire(later) == 1
    assert fire(later) == 0

    assert owner(company) == company.chloe
    assert told(company.lead).count("response.lapsed") == 1
    assert ResponseClock.objects.get(rep=company.chloe).due_at == later + 10 * MINUTE


def test_minutes_of_work_are_counted_alike_on_both_sides_of_new_year(company):
    """Six days of eight hours from Christmas Eve on: the holidays between are none of them."""
    only_policy(("backup", 2880), minutes=2880, remind_minutes=60, working_time=True)
    company.amina.time_zone, company.amina.holiday_region = "Europe/Berlin", "DE"
    company.amina.save()
    for weekday in range(5):
        WorkingHours.objects.create(
            rep=company.amina, weekday=weekday, starts=time(9), ends=time(17)
        )
    berlin = ZoneInfo("Europe/Berlin")
    with clock_at(datetime(2026, 12, 24, 12, tzinfo=berlin)):
        company.lead = receive(clean({"company": "Acme"})).lead
    due_at = datetime(2027, 1, 5, 12, tzinfo=berlin)
    assert ResponseClock.objects.get().due_at == due_at

    fire(due_at - 60 * MINUTE)

    assert owner(company) == company.amina
    clock = ResponseClock.objects.get()
    assert (clock.reminded_at, clock.lapsed_at) == (due_at - 60 * MINUTE, None)
    assert clock.next_at == due_at


def test_one_clock_that_cannot_be_done_holds_up_no_other(given, monkeypatch):
    """Those that are tried together with it fail with it, and are done by themselves at once; it
    is not tried with the next ones either."""
    company = given("backup")
    with clock_at(NOON):
        others = [LeadFactory(pool=company.pool) for _ in range(3)]
        for lead in others:
            claim(lead, company.amina, via="page")
    bad = ResponseClock.objects.get(lead=others[1])

    def outlook_of(clock, *args):
        if clock.pk == bad.pk:
            raise ZeroDivisionError
        return outlook(clock, *args)

    monkeypatch.setattr("leaddistrib.lifecycle.firing.outlook", outlook_of)
    fire(NOON + 10 * MINUTE)

    noted = ResponseClock.objects.filter(lapsed_at__isnull=False)
    assert set(noted) == set(ResponseClock.objects.exclude(pk=bad.pk))
    bad.refresh_from_db()
    assert bad.next_at == NOON + 15 * MINUTE
    assert fire(NOON + 14 * MINUTE) == 0
    monkeypatch.undo()
    assert fire(NOON + 15 * MINUTE) == 1
    bad.refresh_from_db()
    assert bad.lapsed_at


def test_a_lost_database_is_no_fault_of_a_clock(given, monkeypatch):
    """Nothing is put off: what is due is done as soon as the worker's lease of it is over."""
    given("backup")

    def gone(*args):
        raise OperationalError

    monkeypatch.setattr("leaddistrib.lifecycle.firing.outlook", gone)
    with pytest.raises(OperationalError):
        fire(NOON + 10 * MINUTE)
    assert ResponseClock.objects.get().next_at == NOON + 10 * MINUTE + LEASE


def test_a_clock_that_runs_on_after_its_rep_lost_the_lead_is_stopped(given):
    company = given("backup")
    company.lead.assignments.update(ended_at=NOON + MINUTE, end="released")

    fire(NOON + 5 * MINUTE)

    clock = ResponseClock.objects.get()
    assert (clock.stopped_at, clock.reminded_at) == (NOON + 5 * MINUTE, None)


# Where it goes


def test_it_goes_to_the_backup_and_all_concerned_are_told(given):
    company = given("backup", "rules")

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.chloe
    first, second = company.lead.assignments.order_by("pk")
    assert (first.rep, first.end, first.ended_at) == (company.amina, "lapsed", NOON + 20 * MINUTE)
    assert (second.rep, second.method, second.ended_at) == (company.chloe, "escalation", None)
    assert messages("lead.handed_on") == {"amina"}
    assert messages("lead.escalated") == {"mireille"}
    assert "chloé" in messages("lead.assigned")
    old, new = ResponseClock.objects.order_by("pk")
    assert (old.stopped_at, old.answered_at, old.next_at) == (NOON + 20 * MINUTE, None, None)
    assert (new.rep, new.step, new.due_at) == (company.chloe, 1, NOON + 30 * MINUTE)
    assert told(company.lead)[3:] == ["response.lapsed", "lead.escalated", "response.started"]
    escalated = LogEntry.objects.get(event="lead.escalated")
    assert (escalated.rep, escalated.detail["rep"]) == (company.chloe, company.amina.pk)
    decision = company.lead.decisions.last()
    assert sentence(decision, company.chloe) == (
        "You got this lead because you are the backup of amina, who did not answer it in time."
    )
    assert sentence(decision, company.amina) == (
        "chloé got this lead as the backup of amina, who did not answer it in time."
        " You did not answer it in time, so it does not come back to you."
    )
    assert [step.target for step in trace(decision).steps] == ["the rep's backup"]


def test_it_goes_to_another_rep_by_the_rules_whose_turn_it_takes(given):
    company = given("rules")

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.bruno
    decision = company.lead.decisions.last()
    assert (decision.method, decision.rule.name) == ("push", "In turn")
    assert sentence(decision, company.bruno) == (
        "amina did not answer it in time."
        " You got this lead by the rule “In turn”: it was your turn."
    )
    assert company.lead.turns.count() == 2
    assert company.lead.assignments.first().end == "lapsed"
    assert messages("lead.escalated") == {"mireille"}


def test_it_goes_to_the_manager_with_the_fewest_open_leads(given):
    company = given("manager")
    david = RepFactory(user__username="david")
    company.paris.managers.add(david.user)
    LeadFactory(owner=company.mireille)

    fire(NOON + 20 * MINUTE)

    assert owner(company) == david
    assert messages("lead.escalated") == {"mireille"}
    assert sentence(company.lead.decisions.last(), david) == (
        "You got this lead because you manage the team “Paris”: amina did not answer it in time."
    )


def test_it_goes_to_a_pool_where_whoever_let_it_lapse_is_neither_told_nor_may_claim(given):
    company = given("pool")

    fire(NOON + 20 * MINUTE)

    assert owner(company) is None
    assert (company.lead.status, company.lead.pool) == ("waiting", company.pool)
    assert [offer.rep for offer in Offer.objects.filter(closed_at=None)] == [company.bruno]
    with clock_at(NOON + 21 * MINUTE):
        refused = claim(company.lead, company.amina, via="page")
        won = claim(company.lead, company.bruno, via="page")
    assert refused.refusals == (Refusal("let_lapse"),)
    assert won.result == "won"
    decision = company.lead.decisions.last()
    assert (decision.method, decision.owner, decision.pool) == ("escalation", None, company.pool)
    assert sentence(decision, company.bruno) == (
        "amina did not answer this lead in time, so it waits in “Everyone” for somebody else."
    )
    assert told(company.lead)[4:6] == ["lead.escalated", "lead.opened"]


def test_in_a_shared_pool_who_let_it_lapse_is_not_asked_either(given):
    company = given("pool")
    company.pool.mode = "shared"
    company.pool.save()
    fire(NOON + 20 * MINUTE)
    company.lead.refresh_from_db()

    result = log_contact(company.lead, company.amina, "call")

    assert (result.result, result.refusals) == ("refused", (Refusal("let_lapse"),))


def test_a_rule_that_sends_to_a_pool_opens_it_to_the_others(given):
    company = given("rules")
    publish_rules([{"name": "Race", "when": {}, "then": {"pool": "Everyone"}}])

    fire(NOON + 20 * MINUTE)

    assert owner(company) is None
    assert company.lead.pool == company.pool
    assert [offer.rep for offer in Offer.objects.filter(closed_at=None)] == [company.bruno]
    assert company.lead.assignments.get().end == "lapsed"


def test_phones_ring_for_all_that_the_rules_open_to_others_in_one_go(given, monkeypatch):
    """No worker ran for a while: more leads go to a pool at once than a file's would be told of."""
    monkeypatch.setattr("leaddistrib.lifecycle.opening.SINGLY", 1)
    company = given("rules")
    with clock_at(NOON):
        assert receive(clean({"company": "Bolt"})).lead.owner == company.bruno
    publish_rules([{"name": "Race", "when": {}, "then": {"pool": "Everyone"}}])

    fire(NOON + 20 * MINUTE)

    assert messages("lead.offered") == {"amina", "bruno"}


# Steps that find nobody


def test_a_step_that_finds_nobody_is_passed_over_at_once(given):
    company = given("backup", "rules", ("manager", 90))
    set_paused(company.chloe, True)
    set_paused(company.bruno, True)

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.mireille
    assert ResponseClock.objects.get(rep=company.mireille).step == 3
    steps = trace(company.lead.decisions.last()).steps
    assert [step.target for step in steps] == [
        "the rep's backup",
        "another rep, by the rules",
        "team “Paris”, to the team's manager",
    ]
    assert [one.passed_over for step in steps for one in step.candidates] == ["paused", ""]
    assert steps[1].note == "nobody whom the rules ask could take it"


def test_the_rules_fallback_is_passed_over_for_the_next_step(company, push_to_paris):
    """The rule's own pool is for leads that nobody has; this one is somebody's."""
    publish_rules(push_to_paris({"pool": "Everyone"}))
    only_policy("rules", "manager")
    with clock_at(NOON):
        company.lead = receive(clean({"company": "Acme"})).lead
    set_paused(company.bruno, True)

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.mireille


def test_a_backup_who_let_it_lapse_before_is_passed_over(given):
    """Chloé had it first; Amina's backup is Chloé, Chloé's is Amina."""
    company = given("backup", "backup", "backup")
    company.chloe.backup = company.amina
    company.chloe.save()

    fire(NOON + 20 * MINUTE)
    assert owner(company) == company.chloe
    fire(NOON + 40 * MINUTE)

    assert owner(company) == company.chloe
    assert Alert.objects.get().kind == Alert.Kind.UNANSWERED


def test_who_gave_it_back_is_not_asked_by_the_rules_either(given):
    company = given("rules")
    with clock_at(NOON + MINUTE):
        release(company.lead, company.amina, reason="I know them")
    assert owner(company) == company.bruno

    fire(NOON + 21 * MINUTE)

    assert owner(company) == company.bruno
    assert Alert.objects.get().kind == Alert.Kind.UNANSWERED


def test_where_nobody_is_left_it_stays_and_the_managers_are_told_once(given):
    company = given("backup")
    set_paused(company.chloe, True)

    fire(NOON + 20 * MINUTE)
    fire(NOON + 35 * MINUTE)

    assert owner(company) == company.amina
    clock = ResponseClock.objects.get()
    assert (clock.stuck_at, clock.runs) == (NOON + 20 * MINUTE, True)
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail["team"]) == (Alert.Kind.UNANSWERED, "Paris")
    assert messages("alert.opened") == {"mireille"}
    manages = Sight(role=Role.MANAGER, managed_teams=frozenset({company.paris.pk}))
    [shown] = open_alerts(manages, NOON + 35 * MINUTE)
    assert shown.leads == 1
    assert list(waiting_for(alert, NOON + 35 * MINUTE)) == [company.lead]
    elsewhere = Sight(role=Role.MANAGER, managed_teams=frozenset({company.lyon.pk}))
    assert open_alerts(elsewhere, NOON + 35 * MINUTE) == []


def test_somebody_is_looked_for_again_and_then_the_alert_is_over(given):
    company = given("backup")
    set_paused(company.chloe, True)
    fire(NOON + 20 * MINUTE)
    assert close_alerts(NOON + 21 * MINUTE) == 0
    set_paused(company.chloe, False)

    fire(NOON + 35 * MINUTE)

    assert owner(company) == company.chloe
    assert close_alerts(NOON + 36 * MINUTE) == 1


def test_a_late_answer_ends_the_alert(given):
    company = given()
    fire(NOON + 10 * MINUTE)
    assert Alert.objects.get().kind == Alert.Kind.UNANSWERED

    with clock_at(NOON + 11 * MINUTE):
        log_contact(company.lead, company.amina, "call")

    assert close_alerts(NOON + 12 * MINUTE) == 1


# Chains, the cap and the cooldown


def test_each_owner_has_a_clock_of_their_own_and_the_next_step_follows(given):
    company = given("backup", "rules", "manager")
    owners = [company.amina]
    for minutes in (20, 40, 60):
        fire(NOON + minutes * MINUTE)
        owners.append(owner(company))

    assert owners == [company.amina, company.chloe, company.bruno, company.mireille]
    assert [one.step for one in ResponseClock.objects.order_by("pk")] == [1, 2, 3, 3]


def test_no_more_than_so_many_reassignments(given):
    company = given("backup", "rules", "manager", max_reassignments=1)
    fire(NOON + 20 * MINUTE)

    fire(NOON + 60 * MINUTE)

    assert owner(company) == company.chloe
    clock = ResponseClock.objects.get(rep=company.chloe)
    assert (clock.next_at, clock.stuck_at) == (None, NOON + 60 * MINUTE)
    assert Alert.objects.get().detail["team"] == "Lyon"


def test_between_two_reassignments_there_is_time(given):
    company = given("backup", ("rules", 1), cooldown_minutes=45)
    fire(NOON + 20 * MINUTE)

    fire(NOON + 64 * MINUTE)
    assert owner(company) == company.chloe

    fire(NOON + 65 * MINUTE)
    assert owner(company) == company.bruno


def test_the_chain_goes_on_with_whoever_claims_it_from_the_pool(given):
    company = given("pool", "manager")
    fire(NOON + 20 * MINUTE)
    with clock_at(NOON + 25 * MINUTE):
        company.lead.refresh_from_db()
        claim(company.lead, company.bruno, via="page")

    assert ResponseClock.objects.get(rep=company.bruno).step == 1
    fire(NOON + 45 * MINUTE)
    assert owner(company) == company.mireille


def test_who_gets_it_by_hand_begins_the_chain_anew(given):
    company = given("backup", "rules")
    fire(NOON + 20 * MINUTE)

    with clock_at(NOON + 21 * MINUTE):
        assign_by_hand([company.lead], company.bruno, reason="Yours", actor=UserFactory())

    assert ResponseClock.objects.get(rep=company.bruno).step == 0


def test_a_step_that_was_brought_forward_is_taken_at_once(given):
    company = given(("backup", 120))
    fire(NOON + 10 * MINUTE)
    company.policy.steps.update(after_minutes=15)

    with clock_at(NOON + 15 * MINUTE):
        look_again(ResponseClock.objects.all())
    fire(NOON + 15 * MINUTE)

    assert owner(company) == company.chloe


def test_who_gives_back_what_a_colleague_let_lapse_has_the_rules_asked_again(given):
    """Although the colleague had taken it from a pool, of which the backup may be no member."""
    company = given("backup")
    with clock_at(NOON):
        lead = LeadFactory(pool=company.pool)
        claim(lead, company.amina, via="page")
    fire(NOON + 20 * MINUTE)
    with clock_at(NOON + 21 * MINUTE):
        release(lead, company.chloe, reason="I know them")

    lead.refresh_from_db()
    assert (lead.owner, lead.pool) == (company.bruno, None)


def test_a_lead_whose_policy_was_deleted_goes_nowhere_and_its_managers_know(given):
    company = given("backup")
    company.policy.delete()

    fire(NOON + 20 * MINUTE)

    assert owner(company) == company.amina
    assert Alert.objects.get().kind == Alert.Kind.UNANSWERED


# Workers


def test_a_worker_that_died_gives_its_clocks_back(given):
    """Its lease runs out; until then nobody else takes them."""
    company = given("backup")
    ResponseClock.objects.update(next_at=NOON + 20 * MINUTE + timedelta(seconds=30))

    assert fire(NOON + 20 * MINUTE) == 0
    assert fire(NOON + 20 * MINUTE + timedelta(seconds=30)) == 1
    assert owner(company) == company.chloe


def test_the_longest_due_is_looked_at_first(given, push_to_paris):
    company = given("backup")
    with clock_at(NOON + MINUTE):
        receive(clean({"company": "Younger"}))

    fire(NOON + 30 * MINUTE, limit=1)

    assert owner(company) == company.chloe
    assert Lead.objects.get(company="Younger").owner == company.bruno


def test_a_batch_costs_as_much_as_one(given, django_assert_max_num_queries):
    """Twelve of Amina's and Bruno's leads, to backup, rules and manager, beside two."""
    company = given("backup", "rules", "manager")
    counts = []
    for number, at in ((2, NOON), (12, NOON + timedelta(days=1))):
        with clock_at(at):
            for n in range(number):
                receive(clean({"company": f"Of {number}: {n}"}))
        fire(at + 5 * MINUTE)
        fire(at + 10 * MINUTE)
        with django_assert_max_num_queries(300) as queries:
            fire(at + 20 * MINUTE)
        counts.append(len(queries))
        log_everybody_in_touch()

    assert company.lead.assignments.filter(end="lapsed").exists()
    assert counts[0] == counts[1]


def log_everybody_in_touch():
    for held in Assignment.objects.filter(ended_at=None).select_related("lead", "rep"):
        log_contact(held.lead, held.rep, "call")


def test_a_clock_whose_lead_is_not_its_reps_is_stopped(given):
    """Nothing that we do leaves one behind; what a host's own script does may."""
    company = given("backup")
    Lead.objects.update(owner=company.bruno)

    fire(NOON + 20 * MINUTE)

    assert not ResponseClock.objects.get().runs
    assert owner(company) == company.bruno


def test_managers_of_no_team_are_nobody(company):
    """A rep without a team has no manager to be asked, and superusers are told instead."""
    only_policy("manager")
    root = UserFactory(username="root", is_superuser=True)
    lonely = RepFactory(user__username="emil")
    TeamFactory(name="Berlin").managers.add(company.mireille.user)
    company.lead = LeadFactory()
    with clock_at(NOON):
        assign_by_hand([company.lead], lonely, reason="Yours", actor=root)

    fire(NOON + 20 * MINUTE)

    assert owner(company) == lonely
    assert messages("alert.opened") == {"root"}
