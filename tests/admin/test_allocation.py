"""Policies of allocation say what they mean; quotas are set singly or of a whole team (AL1)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.models import Allocation, AllocationPolicy, Quota, Rep
from leaddistrib.testing import RepFactory, TeamFactory, clock_at

pytestmark = pytest.mark.django_db

POLICY = ("view_allocationpolicy", "add_allocationpolicy", "change_allocationpolicy")
BAND = ("view_allocationband", "add_allocationband", "change_allocationband")
BANDS = (*BAND, "delete_allocationband")
QUOTA = ("view_quota", "add_quota", "change_quota", "delete_quota")
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
MIDDAY = datetime(2026, 4, 15, 12, tzinfo=UTC)


@pytest.fixture
def paris():
    return TeamFactory(name="Paris")


@pytest.fixture
def amina(paris):
    return RepFactory(user__username="amina", team=paris)


@pytest.fixture
def bruno(paris):
    return RepFactory(user__username="bruno", team=paris)


def posted(*bands, **fields):
    """The page of a policy, with these bands typed in."""
    rows = {
        f"bands-{number}-{name}": value
        for number, band in enumerate(bands)
        for name, value in zip(("from_percent", "leads"), band, strict=True)
    }
    forms = {"bands-TOTAL_FORMS": len(bands), "bands-INITIAL_FORMS": 0}
    return {"active": "on", "floor": 8, "alert_after": 2, **rows, **forms, **fields}


def add(client, *bands, **fields):
    address = reverse("admin:leaddistrib_allocationpolicy_add")
    return client.post(address, posted(*bands, **fields))


def test_a_new_policy_begins_with_the_usual_bands(signed_in):
    client = signed_in(*POLICY, *BANDS)
    assert add(client).status_code == 302
    bands = AllocationPolicy.objects.get().bands.values_list("from_percent", "leads")
    assert list(bands) == [(0, 10), (50, 12), (75, 15), (100, 20)]


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ([(10, 5)], "One band begins at 0 %"),
        ([(0, 10), (50, 12), (75, 11)], "From 75 % on there would be fewer leads a week (11)"),
        ([(0, 10), (0, 12)], "Please correct the duplicate"),
        ([(0, -1)], "greater than or equal to 0"),
    ],
)
def test_bands_that_make_no_sense_are_refused_with_the_reason(signed_in, bands, said):
    page = add(signed_in(*POLICY, *BANDS), *bands)
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not AllocationPolicy.objects.exists()


def test_bands_may_be_typed_in_any_order(signed_in):
    assert add(signed_in(*POLICY, *BANDS), (80, 20), (0, 10)).status_code == 302
    assert AllocationPolicy.objects.get().bands.count() == 2


def test_the_list_says_what_a_policy_means(signed_in, paris):
    policy = AllocationPolicy.objects.create(team=paris, floor=11, alert_after=1)
    for percent, leads in ((0, 10), (75, 15)):
        policy.bands.create(from_percent=percent, leads=leads)
    page = signed_in(*POLICY).get(reverse("admin:leaddistrib_allocationpolicy_changelist"))
    for sentence in (
        "From 0 % to under 75 % of the quota: 11 leads a week.",  # the floor is more
        "From 75 % of the quota on: 15 leads a week.",
        "Nobody gets fewer than 11 leads a week.",
        "The manager is told as soon as a rep&#x27;s allocation falls.",
    ):
        assert sentence in page.content.decode()


SEES = (*POLICY, "view_allocation")


@pytest.fixture
def allocated(paris, amina, bruno):
    """In April Amina has 10 leads a week, who sold nothing in March; Bruno has no quota."""
    policy = AllocationPolicy.objects.create(team=paris)
    policy.bands.create(from_percent=0, leads=10)
    quota(amina, MARCH, 1000)
    with clock_at(MIDDAY):
        allocate_reps(MIDDAY)
    return policy


def preview_of(policy):
    return reverse("admin:leaddistrib_allocationpolicy_preview", args=[policy.pk])


def test_what_was_changed_is_looked_at_and_then_worked_out_for_this_month(
    signed_in, allocated, amina, bruno
):
    client = signed_in(*SEES, "change_rep", "view_rep")
    assert (
        preview_of(allocated)
        in client.get(
            reverse("admin:leaddistrib_allocationpolicy_change", args=[allocated.pk])
        ).content.decode()
    )
    allocated.bands.update(leads=14)
    quota(bruno, MARCH, 500)
    other = RepFactory(allocation=3)
    with clock_at(MIDDAY):
        page = client.get(preview_of(allocated))
        assert [(row.rep, row.rep.allocation, row.leads) for row in page.context["rows"]] == [
            (amina, 10, 14),
            (bruno, None, 14),
        ]
        assert "2 reps would have another number" in page.content.decode()
        assert Allocation.objects.get().leads == 10
        answer = client.post(preview_of(allocated))
        again = client.post(preview_of(allocated))

    assert "2 reps have another number of leads a week." in messages_of(answer)
    assert "as this month's figures say" in messages_of(again)
    assert dict(Rep.objects.values_list("pk", "allocation")) == {
        amina.pk: 14,
        bruno.pk: 14,
        other.pk: 3,
    }
    assert set(Allocation.objects.values_list("month", "leads", "former")) == {(APRIL, 14, None)}
    [kept] = LogEntry.objects.all()
    assert "amina 10 → 14, bruno – → 14" in kept.change_message


def messages_of(answer):
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


@pytest.mark.parametrize(
    ("permissions", "active", "seen"),
    [
        (POLICY, True, None),
        (SEES, True, "Leads a week now"),
        ((*SEES, "change_rep"), False, "it limits nobody"),
    ],
)
def test_only_who_may_change_reps_works_out_a_policy_and_only_one_that_holds(
    signed_in, allocated, permissions, active, seen
):
    AllocationPolicy.objects.update(active=active)
    client = signed_in(*permissions)
    page = client.get(preview_of(allocated))
    if seen is None:
        assert page.status_code == 403
    else:
        assert seen in page.content.decode()
        assert "Work out now" not in page.content.decode()
    assert client.post(preview_of(allocated)).status_code == 403


def quota(rep, month, amount, currency="EUR"):
    return Quota.objects.create(rep=rep, month=month, amount=amount, currency=currency)


def test_any_day_of_a_month_and_any_name_of_a_currency_will_do(signed_in, amina):
    client = signed_in(*QUOTA, "view_rep")
    said = {"rep": amina.pk, "month": "2026-03-17", "amount": "1000", "currency": "eur"}
    assert client.post(reverse("admin:leaddistrib_quota_add"), said).status_code == 302
    [one] = Quota.objects.all()
    assert (one.month, one.currency) == (MARCH, "EUR")
    again = client.post(reverse("admin:leaddistrib_quota_add"), {**said, "month": "2026-03"})
    assert "already exists" in again.content.decode()


def test_a_wrong_quota_is_refused_at_its_field(signed_in, amina):
    said = {"rep": amina.pk, "month": "soon", "amount": "0", "currency": "shells"}
    page = signed_in(*QUOTA, "view_rep").post(reverse("admin:leaddistrib_quota_add"), said)
    assert set(page.context["adminform"].form.errors) == {"month", "amount", "currency"}


def test_amounts_are_changed_in_the_list(signed_in, amina):
    one = quota(amina, MARCH, 1000)
    client = signed_in(*QUOTA)
    rows = {"form-0-id": one.pk, "form-0-amount": "1500", "_save": "Save"}
    forms = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1}
    client.post(reverse("admin:leaddistrib_quota_changelist"), {**rows, **forms})
    one.refresh_from_db()
    assert one.amount == 1500
    assert one.history.first().history_user == client.user


def month_page(team, month="2026-04"):
    return reverse("admin:leaddistrib_quota_month", query={"team": team.pk, "month": month})


def test_a_team_takes_over_the_quotas_of_the_month_before_and_changes_some(
    signed_in, paris, amina, bruno
):
    quota(amina, MARCH, 1000)
    client = signed_in(*QUOTA)
    page = client.get(month_page(paris))
    assert "These are those of March 2026" in page.content.decode()
    form = page.context["form"]
    assert form[f"rep-{amina.pk}"].value() == Decimal("1000.00")
    assert form[f"rep-{bruno.pk}"].value() is None

    said = {f"rep-{amina.pk}": "1000.00", f"rep-{bruno.pk}": "700", "currency": "EUR"}
    saved = client.post(month_page(paris), said)

    assert saved.status_code == 302
    assert [str(one) for one in get_messages(saved.wsgi_request)] == ["2 quotas changed"]
    amounts = Quota.objects.filter(month=APRIL).values_list("rep", "amount")
    assert dict(amounts) == {amina.pk: 1000, bruno.pk: 700}
    assert {one.history_user for one in Quota.history.filter(month=APRIL)} == {client.user}
    client.post(month_page(paris), said)
    assert Quota.history.filter(month=APRIL).count() == 2, "the same again changes nothing"


def test_what_is_emptied_is_deleted_and_other_months_and_teams_stay(signed_in, paris, amina, bruno):
    mine = [quota(amina, MARCH, 1000), quota(amina, APRIL, 1000), quota(bruno, APRIL, 500)]
    other = quota(RepFactory(team=TeamFactory(name="Lyon")), APRIL, 300)
    client = signed_in(*QUOTA)
    client.post(month_page(paris), {f"rep-{bruno.pk}": "600", "currency": "USD"})
    assert set(Quota.objects.all()) == {mine[0], mine[2], other}
    mine[2].refresh_from_db()
    assert (mine[2].amount, mine[2].currency) == (600, "USD")


def test_what_is_wrong_is_named_at_the_rep_and_nothing_is_written(signed_in, paris, amina, bruno):
    said = {f"rep-{amina.pk}": "1000", f"rep-{bruno.pk}": "-3", "currency": "shells"}
    page = signed_in(*QUOTA).post(month_page(paris), said)
    assert set(page.context["form"].errors) == {f"rep-{bruno.pk}", "currency"}
    assert not Quota.objects.exists()


def test_quotas_in_several_currencies_are_warned_of(signed_in, paris, amina, bruno):
    quota(amina, APRIL, 1000)
    quota(bruno, APRIL, 1000, "USD")
    page = signed_in(*QUOTA).get(month_page(paris)).content.decode()
    assert "in different currencies" in page


def test_the_page_asks_first_which_team_and_month(signed_in, paris):
    client = signed_in(*QUOTA)
    empty = client.get(reverse("admin:leaddistrib_quota_month"))
    assert empty.status_code == 200
    assert "form" not in empty.context
    assert "Enter a valid date" in client.get(month_page(paris, "soon")).content.decode()
    assert reverse("admin:leaddistrib_quota_month") in (
        client.get(reverse("admin:leaddistrib_quota_changelist")).content.decode()
    )


def test_who_may_only_look_sets_no_quotas(signed_in, paris, amina):
    client = signed_in("view_quota")
    assert client.get(month_page(paris)).status_code == 403
    assert client.post(month_page(paris), {f"rep-{amina.pk}": "5"}).status_code == 403


def upload(client, text):
    file = SimpleUploadedFile("quotas.csv", text.encode())
    return client.post(reverse("admin:leaddistrib_quota_import"), {"import_file": file})


def test_quotas_come_in_from_a_file_once_it_was_looked_at(signed_in, amina, bruno):
    quota(amina, MARCH, 1000)
    quota(bruno, MARCH, 500)
    client = signed_in(*QUOTA)
    rows = "amina,2026-03,1000,EUR\nbruno,2026-03-31,600,eur\nbruno,2026-04,700,USD\n"
    preview = upload(client, f"rep,month,amount,currency\n{rows}")
    assert "to create" in preview.content.decode()
    report = preview.context["report"]
    assert (report.created, report.updated, report.unchanged, report.rejected) == (1, 1, 1, 0)

    client.post(
        reverse("admin:leaddistrib_quota_process_import"), {"file": preview.context["token"]}
    )

    amounts = Quota.objects.order_by("month", "rep").values_list("rep", "amount", "currency")
    assert list(amounts) == [
        (amina.pk, Decimal(1000), "EUR"),
        (bruno.pk, Decimal(600), "EUR"),
        (bruno.pk, Decimal(700), "USD"),
    ]
    newest = Quota.history.filter(rep=bruno, month=MARCH).first()
    assert (newest.history_user, newest.history_change_reason) == (client.user, "quotas.csv")


def test_what_is_wrong_with_a_file_of_quotas_is_named_with_line_and_column(signed_in, amina):
    client = signed_in(*QUOTA)
    rows = "nobody,soon,0,shells\namina,2026-03,10,EUR\namina,2026-03-15,20,EUR\n"
    report = upload(client, f"rep,month,amount,currency\n{rows}").context["report"]
    lines = {row.line: row.reason for row in report.first_rejects}
    for said in (
        "“rep”: Expected the user name of a rep, got “nobody”.",
        "“month”: Expected a month such as 2026-11, got “soon”.",
        "“amount”: A quota is more than 0.",
        "“currency”: Expected a currency",
    ):
        assert said in lines[2]
    assert lines[4] == "This rep's quota of the month stands in line 3 already."
    page = upload(client, "rep,amount\namina,1\n").content.decode()
    assert "There is no column “month”" in page
