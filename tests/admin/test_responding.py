"""How soon leads are answered is set up in the admin site, and seen there (SL1–SL3)."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.lifecycle import claim, log_contact
from leaddistrib.models import ResponseClock, ResponsePolicy
from leaddistrib.queries import clock
from leaddistrib.queries.policies import fitting, policies
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, UserFactory, clock_at
from tests.lifecycle.policies import only_policy

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICIES = reverse("admin:leaddistrib_responsepolicy_changelist")
CLOCKS = reverse("admin:leaddistrib_responseclock_changelist")


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def form(policy=None, steps=(), **fields):
    """The form of a policy, filled in: ten minutes, and ``steps`` of (goes to, pool, minutes)."""
    known = list(policy.steps.all()) if policy else []
    data = {
        "name": "Demos",
        "active": "on",
        "position": 1,
        "lead_type": "demo_request",
        "source": "",
        "minutes": 10,
        "remind_minutes": 5,
        "max_reassignments": 3,
        "cooldown_minutes": 15,
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": len(known),
    }
    for number, (to, pool, minutes) in enumerate(steps):
        data |= {
            f"steps-{number}-id": known[number].pk if number < len(known) else "",
            f"steps-{number}-policy": policy.pk if policy else "",
            f"steps-{number}-position": number,
            f"steps-{number}-to": to,
            f"steps-{number}-pool": pool,
            f"steps-{number}-after_minutes": minutes,
        }
    return data | fields


def test_a_policy_is_made_with_its_chain_of_steps(admin):
    pool = PoolFactory(name="Everyone")
    steps = (("backup", "", 20), ("rules", "", 20), ("pool", pool.pk, 30))

    admin.post(reverse("admin:leaddistrib_responsepolicy_add"), form(steps=steps))

    policy = ResponsePolicy.objects.get(name="Demos")
    assert [(one.to, one.after_minutes) for one in policy.steps.all()] == [
        ("backup", 20),
        ("rules", 20),
        ("pool", 30),
    ]
    page = admin.get(POLICIES).content.decode()
    assert "the rep&#x27;s backup → another rep, by the rules → Everyone" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"remind_minutes": 10}, "The reminder must come before the time is up"),
        ({"minutes": 0}, "greater than or equal to 1"),
        ({"steps": (("pool", "", 20),)}, "Choose a pool where the lead goes to one."),
        ({"steps": (("rules", "", 0),)}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_and_said(admin, wrong, said):
    steps = wrong.pop("steps", ())

    answer = admin.post(reverse("admin:leaddistrib_responsepolicy_add"), form(steps=steps, **wrong))

    assert said in answer.content.decode()
    assert not ResponsePolicy.objects.filter(name="Demos").exists()


def test_clocks_that_run_follow_a_step_that_was_brought_forward(admin):
    policy = only_policy(("rules", 120))
    amina, pool = RepFactory(), PoolFactory()
    pool.reps.add(amina)
    with clock_at(NOON):
        claim(LeadFactory(pool=pool), amina, via="page")
    page = reverse("admin:leaddistrib_responsepolicy_change", args=[policy.pk])

    with clock_at(NOON + MINUTE):
        admin.post(page, form(policy, steps=(("rules", "", 3),), lead_type=""))

    assert policy.steps.get().after_minutes == 3
    assert ResponseClock.objects.get().next_at == NOON + MINUTE


def test_a_misspelt_type_is_seen_by_the_leads_that_it_does_not_fit(admin):
    """Of the last 30 days: each is counted for the first policy that fits it, and opens from there.
    A rep who types "Demo request" is suggested what leads really come with."""
    ResponsePolicy.objects.all().delete()
    misspelt, website, others = (
        ResponsePolicy.objects.create(name=name, position=number, minutes=5, **of)
        for number, (name, of) in enumerate(
            [
                ("Demos", {"lead_type": "Demo request"}),
                ("Website", {"source": "website"}),
                ("All", {}),
            ]
        )
    )
    now = clock.now()
    asked = LeadFactory(lead_type="demo_request", source="Website", received_at=now)
    LeadFactory(lead_type="demo_request", source="Fair", received_at=now - timedelta(days=10))
    LeadFactory(lead_type="", source="Website", received_at=now - timedelta(days=40))

    rows = {one.pk: one for one in admin.get(POLICIES).context["cl"].result_list}
    page = admin.get(POLICIES).content.decode()

    numbers = [rows[one.pk]._recent for one in (misspelt, website, others)]
    assert numbers == [0, 1, 1]
    [link] = re.findall(rf'href="([^"]*policy={website.pk}[^"]*)">1<', page)
    assert list(admin.get(html.unescape(link)).context["cl"].queryset) == [asked]
    edited = reverse("admin:leaddistrib_responsepolicy_change", args=[misspelt.pk])
    form_page = admin.get(edited).content.decode()
    assert '<option value="demo_request">' in form_page
    assert '<option value="Website">' in form_page
    assert 'list="known-lead_type"' in form_page
    template = admin.get(reverse("admin:leaddistrib_messagetemplate_add")).content.decode()
    assert '<option value="demo_request">' in template


def test_a_policy_counts_the_leads_that_it_holds_for_also_with_accents(admin):
    """Databases fold capitals each in their own way; whoever routes a lead does so in one."""
    ResponsePolicy.objects.all().delete()
    energy, others = (
        ResponsePolicy.objects.create(name=name, position=number, minutes=5, source=source)
        for number, (name, source) in enumerate([("Energy", "Énergie"), ("All", "")])
    )
    lead = LeadFactory(source="ÉNERGIE", received_at=clock.now())
    assert fitting(lead, policies()) == energy

    rows = {one.pk: one for one in admin.get(POLICIES).context["cl"].result_list}

    assert [rows[one.pk]._recent for one in (energy, others)] == [1, 0]
    leads = reverse("admin:leaddistrib_lead_changelist")
    for policy, listed in ((energy, [lead]), (others, [])):
        assert list(admin.get(leads, {"policy": policy.pk}).context["cl"].queryset) == listed


def test_leads_are_counted_for_the_list_of_policies_alone(admin):
    """Counting them reads all leads of a month."""
    policy = only_policy(("rules", 120))
    pages = [
        reverse(f"admin:leaddistrib_responsepolicy_{page}", args=[policy.pk])
        for page in ("change", "history", "delete")
    ]

    def counting(page):
        with CaptureQueriesContext(connection) as found:
            assert admin.get(page).status_code == 200
        return sum("received_at" in one["sql"] and "COUNT(" in one["sql"] for one in found)

    assert [counting(page) for page in (POLICIES, *pages)] == [1, 0, 0, 0]


def test_a_policy_that_only_has_a_new_name_keeps_nobody_busy(admin):
    policy = only_policy(("rules", 120))
    amina, pool = RepFactory(), PoolFactory()
    pool.reps.add(amina)
    with clock_at(NOON):
        claim(LeadFactory(pool=pool), amina, via="page")
    page = reverse("admin:leaddistrib_responsepolicy_change", args=[policy.pk])
    data = form(policy, steps=(("rules", "", 120),), lead_type="", position=policy.position)

    with clock_at(NOON + MINUTE):
        admin.post(page, data | {"name": "All the others"})

    policy.refresh_from_db()
    assert policy.name == "All the others"
    assert ResponseClock.objects.get().next_at == NOON + 5 * MINUTE


def test_clocks_that_somebody_worries_about_are_looked_at_again(admin):
    only_policy()
    amina, pool = RepFactory(), PoolFactory()
    pool.reps.add(amina)
    with clock_at(NOON):
        for _ in range(2):
            claim(LeadFactory(pool=pool), amina, via="page")
    done, forgotten = ResponseClock.objects.order_by("pk")
    ResponseClock.objects.filter(pk=done.pk).update(answered_at=NOON, next_at=None)
    ResponseClock.objects.filter(pk=forgotten.pk).update(next_at=None)
    chosen = {"action": "look_again_now", "_selected_action": [done.pk, forgotten.pk]}

    with clock_at(NOON + 20 * MINUTE):
        answer = admin.post(CLOCKS, chosen, follow=True)

    assert "The worker looks at 1 clock again." in answer.content.decode()
    assert ResponseClock.objects.get(pk=forgotten.pk).next_at == NOON + 20 * MINUTE
    assert ResponseClock.objects.get(pk=done.pk).next_at is None


def test_who_may_only_see_clocks_has_none_looked_at(signed_in):
    client = signed_in("view_responseclock", "view_lead")

    page = client.get(CLOCKS).content.decode()

    assert "look_again_now" not in page


def test_clocks_are_listed_by_how_they_stand(admin):
    only_policy()
    amina, pool = RepFactory(), PoolFactory()
    pool.reps.add(amina)
    with clock_at(NOON):
        leads = [LeadFactory(pool=pool, company=name) for name in ("Prompt", "Slow", "Open")]
        for lead in leads:
            claim(lead, amina, via="page")
    with clock_at(NOON + MINUTE):
        log_contact(leads[0], amina, "call")
    with clock_at(NOON + 11 * MINUTE):
        log_contact(leads[1], amina, "call")

    def listed(state, at):
        with clock_at(NOON + at * MINUTE):
            page = admin.get(CLOCKS, {"state": state}).context["cl"]
        return {clock.lead.company for clock in page.result_list}

    assert listed("in_time", 12) == {"Prompt"}
    assert listed("answered_late", 12) == {"Slow"}
    assert listed("running", 9) == {"Open"}
    assert (listed("late", 9), listed("late", 10)) == (set(), {"Open"})
    assert listed("stuck", 12) == listed("gone", 12) == set()
