"""The invented company: believable, whole, and the same for the same seed."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import models, transaction

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.management.prospects import prospect
from leaddistrib.management.seeding import seed_company
from leaddistrib.models import Lead, OutboxMessage, Pool, Rep, ResponseClock, Team
from leaddistrib.queries import clock
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import LeadFactory, clock_at

LEFT_OUT = (models.UUIDField, models.DateTimeField, models.AutoField, models.JSONField)


def contents(seed: int) -> dict[str, Counter[Any]]:
    """Every row of a freshly seeded company, without ids and times; the database is left empty.
    Always of the same moment: sums are kept by the hour, tiers by the week."""
    with clock_at(datetime(2026, 3, 4, 10, tzinfo=UTC)), transaction.atomic():
        seed_company(reps=12, leads=80, seed=seed)
        rows: dict[str, Counter[Any]] = {
            "users": Counter(get_user_model().objects.values_list("username", "last_name", "email"))
        }
        for model in apps.get_app_config("leaddistrib").get_models():
            name = model.__name__
            if name.startswith("Historical"):
                continue
            fields = [f for f in model._meta.concrete_fields if not isinstance(f, LEFT_OUT)]
            related = [field.name for field in fields if field.is_relation]
            rows[name] = Counter(
                tuple(str(getattr(row, field.name)) for field in fields if field.name != "event")
                for row in (
                    model._default_manager.select_related(*related)
                    if related
                    else model._default_manager.all()
                )
            )
        transaction.set_rollback(True)
    return rows


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_company():
    assert contents(seed=7) == contents(seed=7)


@pytest.mark.django_db
def test_another_seed_gives_another_company():
    first, second = contents(seed=7), contents(seed=8)
    assert first["users"] != second["users"]
    assert first["Lead"] != second["Lead"]


@pytest.mark.django_db
def test_a_seeded_company_is_consistent():
    call_command("leaddistrib_seed", "--reps=12", "--leads=120", verbosity=0)
    assert [finding.code for finding in findings(clock.now())] == []
    assert Rep.objects.count() == 12
    assert Lead.objects.count() == 120
    assert {"Paris Enterprise", "Manchester SMB"} <= set(
        Team.objects.values_list("name", flat=True)
    )
    assert set(Pool.objects.values_list("mode", flat=True)) == {
        "queue",
        "race",
        "shared",
    }


@pytest.mark.django_db
def test_a_seeded_company_has_leads_in_every_state_of_life():
    call_command("leaddistrib_seed", "--leads=200", verbosity=0)
    assert set(Lead.objects.values_list("status", flat=True)) == {"waiting", "owned", "closed"}
    assert set(Lead.objects.values_list("decisions__method", flat=True)) == {
        "push",
        "queue",
        "race",
        "shared",
    }


@pytest.mark.django_db
def test_the_companys_rules_show_bands_of_the_score_paid_ads_and_referrals():
    """PU6: each band has a seniority of its own, and leads to show for it."""
    call_command("leaddistrib_seed", "--leads=400", verbosity=0)
    pushed: dict[str, set[str]] = defaultdict(set)
    for name, seniority in Lead.objects.filter(decisions__method="push").values_list(
        "decisions__rule__name", "decisions__owner__seniority"
    ):
        pushed[name].add(seniority)
    trials = "Trials in the United Kingdom and Ireland"
    expected = {
        "Referrals from partners": "senior",
        "Paid ads: small companies in the United Kingdom and Ireland": "sdr",
        f"{trials}, 80 points and more": "senior",
        f"{trials}, 40 to 79 points": "standard",
        f"{trials}, under 40 points": "sdr",
    }
    assert {name: pushed[name] for name in expected} == {
        name: {seniority} for name, seniority in expected.items()
    }


@pytest.mark.django_db
def test_nobody_is_written_to_about_seeded_leads_and_nobody_can_sign_in():
    call_command("leaddistrib_seed", "--leads=60", verbosity=0)
    assert OutboxMessage.objects.exists()
    assert not OutboxMessage.objects.filter(sent_at=None).exists()
    assert not any(user.has_usable_password() for user in get_user_model().objects.all())


@pytest.mark.django_db
def test_seeding_twice_says_what_is_there_and_changes_nothing():
    call_command("leaddistrib_seed", "--reps=4", "--leads=5", verbosity=0)
    with pytest.raises(CommandError, match=r"There is data already: 5 leads\."):
        call_command("leaddistrib_seed", "--reps=4", "--leads=5", verbosity=0)
    assert Lead.objects.count() == 5
    assert Rep.objects.count() == 4


@pytest.mark.django_db
def test_seeding_leaves_a_real_user_called_amina_alone():
    get_user_model().objects.create_user("amina", password="hers")
    with pytest.raises(CommandError, match="There is a user “amina” already"):
        call_command("leaddistrib_seed", verbosity=0)
    assert get_user_model().objects.count() == 1


def test_every_invented_lead_is_valid_and_nobodys():
    leads = [clean(prospect(3, number)) for number in range(300)]
    assert {lead.country for lead in leads} >= {"FR", "GB", "BE"}
    assert all(lead.contact_email.endswith((".example.com", ".example.org")) for lead in leads)
    assert all(lead.contact_phone for lead in leads if lead.country in ("FR", "GB"))
    assert {lead.temperature for lead in leads} == {"hot", "warm", "cold"}


def test_an_invented_lead_does_not_depend_on_those_before_it():
    assert prospect(3, 41) == prospect(3, 41)
    assert prospect(3, 41) != prospect(4, 41)
    assert prospect(3, 41) != prospect(3, 42)


@pytest.mark.django_db
def test_a_visitor_sees_within_minutes_what_becomes_of_a_demo_request_that_nobody_calls():
    """The first minutes in the demo: a reminder, a deadline, and the lead is with somebody else."""
    seed_company(reps=12, leads=0, seed=7)
    amina = Rep.objects.get(user__username="amina")
    lead = LeadFactory(lead_type="demo_request", pool=Pool.objects.get(name="Hot leads"))
    assert claim(lead, amina, via="page").result == "won"
    began = clock.now()

    def after(minutes: int) -> ResponseClock:
        with clock_at(began + timedelta(minutes=minutes, seconds=1)):
            fire_due(clock.now())
        return ResponseClock.objects.get(lead=lead, rep=amina)

    assert after(1).reminded_at is None
    assert after(2).reminded_at
    assert after(3).lapsed_at
    assert Lead.objects.get().owner == amina
    after(4)
    assert Lead.objects.get().owner == amina.backup
