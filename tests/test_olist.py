"""The tool that imports a marketplace's leads and deals works on a small invented one."""

from dataclasses import replace

import pytest

from leaddistrib.models import Lead, Outcome, Rep
from tools import olist

LEADS = """mql_id,first_contact_date,landing_page_id,origin
a1,2018-01-01,p1,social
a2,2018-01-02,p1,social
a3,2018-01-03,p2,email
a4,2018-01-04,p2,
"""
DEALS = """mql_id,seller_id,sdr_id,sr_id,won_date,business_segment
a1,s1,amina,bruno,2018-01-11 09:00:00,pet
a3,s2,amina,chloe,2018-01-01 19:00:00,toys
a4,s3,david,bruno,2018-01-04 08:00:00,toys
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / olist.LEADS).write_text(LEADS, "utf-8")
    (tmp_path / olist.DEALS).write_text(DEALS, "utf-8")
    return tmp_path


def test_leads_and_deals_come_in_and_the_report_tells_them_by_origin(db, files, capsys):
    olist.build(files)
    told = capsys.readouterr().out
    assert told.count("4 created, 0 updated, 0 unchanged, 0 rejected") == 1
    assert told.count("3 created, 0 updated, 0 unchanged, 0 rejected") == 2
    assert Rep.objects.count() == 4
    assert Outcome.objects.count() == 6
    assert Lead.objects.filter(status="closed").count() == 3

    found = olist.report()
    rows = {line.name: olist.figures(line) for line in found.lines}
    assert rows == {
        "social": (2, 1, "50.00%", 10, 10, 10, 10),
        "email": (1, 1, "100.00%", -2, -2, -2, -2),
        "Not given": (1, 1, "100.00%", 0, 0, 0, 0),
    }
    assert olist.figures(found.total) == (4, 3, "75.00%", 0, -2, 10, 10)
    # Amina 2 and David 1; Bruno 2 and Chloé 1.
    assert [(one.stage, one.reps, round(one.gini, 4)) for one in found.spreads] == [
        ("opportunity", 2, 0.1667),
        ("won", 2, 0.1667),
    ]
    assert [lead.external_id for lead in olist.early()] == ["a3"]

    olist.show(found)
    shown = capsys.readouterr().out
    assert "won before they came in: 1 (a3)" in shown
    assert "won: 3 by 2 reps, Gini 0.1667" in shown

    said = olist.found_in(found)
    assert list(olist.differences(said, said)) == []
    another = replace(said, early=("a1",))
    assert list(olist.differences(said, another)) == [
        "early: the report says ('a3',), and the files ('a1',)"
    ]
