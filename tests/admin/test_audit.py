"""The record of changes: who changed what, from what to what, searchable."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Rep, ScoringRule, Territory
from leaddistrib.queries import audit
from leaddistrib.testing import RepFactory, TeamFactory, TerritoryFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:leaddistrib_configurationchange_changelist")


def told(response):
    """(what, by whom, field, before, after) of each difference on the page, newest first."""
    return [
        (change.name, str(change.by), one.field, one.before, one.after)
        for change, _address in response.context["changes"]
        for one in change.differences
        if change.kind == "~"
    ]


def team_form(team, **changes):
    return {
        "name": team.name,
        "managers": [user.pk for user in team.managers.all()],
        "weighting": team.weighting,
        **changes,
    }


def test_a_change_of_a_team_says_who_made_it_from_what_to_what(signed_in):
    team, mireille = TeamFactory(name="Paris"), RepFactory(user__username="mireille").user
    client = signed_in("view_team", "change_team", "view_configurationchange")
    address = reverse("admin:leaddistrib_team_change", args=[team.pk])
    client.post(address, team_form(team, name="Lyon", managers=[mireille.pk]))
    changes = told(client.get(PAGE))
    assert ("Lyon", "olga", "Name", "Paris", "Lyon") in changes
    assert ("Lyon", "olga", "Managers", "", "mireille") in changes


def test_a_territorys_reps_and_a_reps_weight_are_on_record(signed_in):
    amina, territory = RepFactory(user__username="amina"), TerritoryFactory(name="Brittany")
    territory.reps.add(amina)
    amina.weight = 3
    amina.save()
    client = signed_in("view_configurationchange")
    changes = told(client.get(PAGE))
    assert ("Brittany", "None", "Reps", "", "amina") in changes
    assert ("amina", "None", "Weight", "1.00", "3.00") in changes


def test_what_was_deleted_stays_on_record_by_its_name(signed_in):
    territory = TerritoryFactory(name="Atlantis")
    client = signed_in("delete_territory", "view_territory", "view_configurationchange")
    client.post(reverse("admin:leaddistrib_territory_delete", args=[territory.pk]), {"post": "yes"})
    assert not Territory.objects.exists()
    [(change, address)] = [row for row in client.get(PAGE).context["changes"] if row[0].kind == "-"]
    assert (change.name, change.by.username, address) == ("Atlantis", "olga", "")


def test_a_deletion_says_what_was_there(signed_in):
    territory = TerritoryFactory(name="Atlantis", countries=["GR"])
    territory.reps.add(RepFactory(user__username="amina"))
    territory.delete()
    changes = signed_in("view_configurationchange").get(PAGE).context["changes"]
    [gone] = [change for change, _ in changes if change.kind == "-"]
    said = {(one.field, one.before, one.after) for one in gone.differences}
    assert {("Name", "Atlantis", ""), ("Countries", "GR", ""), ("Reps", "amina", "")} <= said


def test_changes_are_found_by_the_values_of_lists(signed_in):
    TerritoryFactory(name="West", subdivisions=["FR-BRE"])
    TerritoryFactory(name="East", subdivisions=["FR-GES"])
    bakers = {"field": "industry", "op": "eq", "value": "Pâtisserie"}
    ScoringRule.objects.create(name="Bakers", when=bakers, points=5)
    client = signed_in("view_configurationchange")

    def names(text):
        return [change.name for change, _ in client.get(PAGE, {"text": text}).context["changes"]]

    assert names("fr-bre") == ["West"]
    assert names("Pâtis") == ["Bakers"]


def test_saving_something_as_it_was_is_no_change(signed_in):
    team = TeamFactory(name="Paris")
    team.save()
    changes = signed_in("view_configurationchange").get(PAGE).context["changes"]
    assert [(change.name, change.kind) for change, _ in changes] == [("Paris", "+")]


def test_a_change_whose_reason_reads_as_it_was_is_on_record(signed_in):
    amina = RepFactory(user__username="amina")
    amina.active, amina._change_reason = False, "as it was"
    amina.save()
    client = signed_in("view_configurationchange")
    assert ("amina", "None", "Active", "yes", "no") in told(client.get(PAGE))
    [(change, _)] = client.get(PAGE, {"text": "as it was"}).context["changes"]
    assert (change.name, change.reason) == ("amina", "as it was")


def test_changes_are_found_by_name_kind_author_and_day(signed_in):
    client = signed_in("view_configurationchange")
    paris, brittany = TeamFactory(name="Paris"), TerritoryFactory(name="Brittany")
    paris._history_user = client.user
    paris.name = "Paris West"
    paris.save()

    def names(**search):
        return {change.name for change, _ in client.get(PAGE, search).context["changes"]}

    assert names(text="paris") == {"Paris", "Paris West"}
    assert names(model="territory") == {brittany.name}
    assert names(by="OLGA") == {"Paris West"}
    assert names(by="olga nobody") == set()
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    assert names(last=yesterday) == set()
    assert names(first=yesterday) == {"Paris", "Paris West", "Brittany"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("name", ["first", "last"])
def test_a_day_at_an_end_of_the_calendar_is_refused_at_its_field(signed_in, name, day):
    response = signed_in("view_configurationchange").get(PAGE, {name: day})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [name]


def test_a_search_without_result_says_what_to_do(signed_in):
    response = signed_in("view_configurationchange").get(PAGE, {"text": "zzz"})
    assert "Search for less" in response.content.decode()


def test_older_changes_are_a_page_further(signed_in):
    team = TeamFactory(name="Round 0")
    for number in range(1, audit.PAGE + 3):
        team.name = f"Round {number}"
        team.save()
    client = signed_in("view_configurationchange")
    first = client.get(PAGE)
    assert len(first.context["changes"]) == audit.PAGE
    assert first.context["newer"] is None
    second = client.get(PAGE + first.context["older"])
    assert [change.name for change, _ in second.context["changes"]] == [
        "Round 2",
        "Round 1",
        "Round 0",
    ]
    assert second.context["older"] is None


@pytest.mark.parametrize("page", ["9", "9999", "99999", "0", "-1", "two"])
def test_a_page_that_is_not_there_shows_the_newest_of_what_is_looked_for(signed_in, page):
    TeamFactory(name="Paris")
    TerritoryFactory(name="Brittany")
    shown = signed_in("view_configurationchange").get(PAGE, {"text": "Paris", "page": page})
    assert {change.name for change, _ in shown.context["changes"]} == {"Paris"}
    assert shown.context["narrowed"]


def test_a_page_of_changes_takes_as_many_queries_for_fifty_as_for_five(
    signed_in, django_assert_max_num_queries
):
    client = signed_in("view_configurationchange")

    def change_everything(times):
        for _ in range(times):
            rep = RepFactory(team=TeamFactory())
            TerritoryFactory(team=rep.team).reps.set([rep])

    change_everything(1)
    with django_assert_max_num_queries(60) as few:
        client.get(PAGE)
    change_everything(9)
    with django_assert_max_num_queries(60) as many:
        client.get(PAGE)
    assert len(many) <= len(few)


def test_who_may_not_look_at_changes_does_not(signed_in):
    assert signed_in("view_team").get(PAGE).status_code == 403


def test_nothing_on_the_page_changes_the_record(signed_in):
    RepFactory()
    client = signed_in("view_configurationchange")
    assert client.post(PAGE, {"action": "delete_selected"}).status_code in (200, 403, 405)
    assert Rep.history.count() == 1
