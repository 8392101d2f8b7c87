"""The tool that makes an organisation of files works on a small invented company of that shape."""

import pytest

from leaddistrib.models import Account, Assignment, Lead, Rep, RuleSet, Team, Territory, Turn
from leaddistrib.queries.distribution import By
from tools import maven, maven_tables

AGENTS = """sales_agent,manager,regional_office
Amina Diallo,Mireille Roy,Central
Bruno Petit,Mireille Roy,Central
Chloé Noir,Mara Vert,East
David Brun,Mara Vert,West
"""
ACCOUNTS = """account,sector,year_established,revenue,employees,office_location,subsidiary_of
Lenoir,technolgy,1996,1100,5822,United States,
Manille,retail,2001,12,40,Philipines,
Verdi,finance,1990,80,300,Italy,
"""
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
PIPELINE = f"""{HEADER}
1,Amina Diallo,GTXPro,Lenoir,Won,2016-10-20,2017-03-01,1054
2,Amina Diallo,MG Special,Lenoir,Lost,2016-10-21,2017-03-02,0
3,Amina Diallo,GTK 500,Verdi,Engaging,2016-10-22,,
4,Bruno Petit,MG Special,Manille,Won,2016-10-23,2017-03-03,55
5,Chloé Noir,MG Special,,Prospecting,,,
"""


@pytest.fixture
def files(tmp_path):
    named = {"sales_teams": AGENTS, "accounts": ACCOUNTS, "sales_pipeline": PIPELINE}
    for name, text in named.items():
        (tmp_path / f"maven_{name}.csv").write_text(text, "utf-8")
    return tmp_path


def test_files_become_an_organisation_with_its_past_and_strategies_are_compared(db, files, capsys):
    ruleset = maven.build(files)
    assert "5 created, 0 updated, 0 unchanged, 0 rejected" in capsys.readouterr().out

    central = Team.objects.get(name="Central")
    assert [user.get_full_name() for user in central.managers.all()] == ["Mireille Roy"]
    assert {rep.name for rep in central.reps.all()} == {"Amina Diallo", "Bruno Petit"}
    assert Territory.objects.get(name="Europe").countries == ["BE", "DE", "IT", "NO", "PL", "RO"]
    lenoir = Account.objects.get(name="Lenoir")
    assert (str(lenoir.owner), lenoir.industry) == ("Amina Diallo", "technology")
    assert Account.objects.get(name="Manille").country == "PH"
    assert ruleset.status == RuleSet.Status.PUBLISHED
    assert ruleset.rules.count() == len(maven.RULES) + 1

    won = Lead.objects.get(external_id="1")
    assert (won.product, won.industry, won.account) == ("GTX Pro", "technology", lenoir)
    assert str(won.territory) == "United States"
    assert set(Assignment.objects.values_list("method", flat=True)) == {"history"}
    assert not Turn.objects.exists()

    report = maven_tables.report(By.TEAM)
    assert {line.name: (line.volume, line.won) for line in report.lines} == {
        "Central": (4, 2),
        "East": (1, 0),
    }
    # Amina 3, Bruno 1, Chloé 1, and David none.
    assert (report.spread.holders, report.spread.everybody) == (3, 4)
    assert report.spread.among == pytest.approx(4 / 15)
    assert report.spread.roster == pytest.approx(0.45)

    before = [model.objects.count() for model in (Lead, Assignment, Turn, Rep)]
    leads = maven_tables.past()
    routed = maven_tables.decide(ruleset, leads)
    names = dict(ruleset.rules.values_list("pk", "name"))
    assert {names[pk]: number for pk, number in routed.rules.items()} == {
        "Key accounts": 2,  # Amina's at Lenoir
        "Large systems": 1,
        "All others": 2,  # Manille is in Asia, and of Chloé's lead nothing is known
    }
    assert routed.load.total() == 5
    outcomes = maven_tables.compare(ruleset, leads)
    assert outcomes[0].load == {rep.pk: n for rep in Rep.objects.all() if (n := _had(rep))}
    assert {"round_robin", "weighted", "least_loaded"} <= {one.strategy for one in outcomes}
    assert all(sum(one.load.values()) + one.waiting == 5 for one in outcomes)

    maven_tables.show(ruleset, {"Key accounts": "account_owner"})
    shown = capsys.readouterr().out
    assert [model.objects.count() for model in (Lead, Assignment, Turn, Rep)] == before
    assert "Gini 0.2667 over the 3 reps with any" in shown
    assert "Gini 0.4500 over the 4 on the roster" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["Key", "accounts", "account_owner", "2"] in lines
    assert ["Amina", "Diallo", "Central", "2", "3"] in lines  # by the rules, and as it was
    assert ["Gini", "over", "the", "roster", "0.3500", "0.4500"] in lines


def _had(rep):
    return rep.assignments.count()
