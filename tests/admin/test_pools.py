"""How pools look to those who set them up (PL2, PO1)."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Lead, Pool
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory

LIST = reverse("admin:leaddistrib_pool_changelist")


def rows(client):
    found = client.get(LIST).context["cl"].result_list
    model_admin = client.get(LIST).context["cl"].model_admin
    return {
        pool.name: (model_admin.oldest(pool), model_admin.stale(pool), pool._waiting)
        for pool in found
    }


def test_the_list_says_what_waits_how_long_and_what_waits_too_long(db, signed_in):
    client = signed_in("view_pool", "view_lead")
    marked = PoolFactory(name="Cold", mode="queue", stale_minutes=60)
    PoolFactory(name="Empty", mode="shared")
    unmarked = PoolFactory(name="Patient", mode="queue")
    now = timezone.now()
    for pool in (marked, unmarked):
        LeadFactory(pool=pool)
        old = LeadFactory(pool=pool)
        Lead.objects.filter(pk=old.pk).update(opens_at=now - timedelta(hours=3))

    shown = rows(client)
    assert shown["Cold"] == ("3\xa0hours", 1, 2)
    assert shown["Patient"] == ("3\xa0hours", None, 2)
    assert shown["Empty"] == (None, None, 0)


def test_a_shared_pool_is_set_up_on_its_page(db, signed_in):
    client = signed_in("add_pool", "change_pool", "view_pool", "view_rep", "view_team")
    rep = RepFactory()
    answer = client.post(
        reverse("admin:leaddistrib_pool_add"),
        {
            "name": "Inside sales",
            "mode": "shared",
            "reps": [rep.pk],
            "teams": [],
            "stale_minutes": "30",
            "push_minutes": "",
            "ownership": "shared",
            "working_minutes": "10",
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    pool = Pool.objects.get(name="Inside sales")
    assert (pool.mode, pool.ownership, pool.stale_minutes, pool.push_minutes) == (
        "shared",
        "shared",
        30,
        None,
    )
    assert pool.working_minutes == 10
    page = client.get(reverse("admin:leaddistrib_pool_add")).content.decode()
    assert "Counted from when a lead was opened." in page
    assert "until it lapses" in page
