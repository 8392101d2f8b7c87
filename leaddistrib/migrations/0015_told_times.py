from django.db import migrations
from django.db.models import F

AT_ONCE = 10_000


def in_portions(rows, **values):
    """Update ``rows`` by their primary keys, so many in a transaction: whoever else writes there
    waits for a moment only."""
    last, pks = 0, rows.order_by("pk").values_list("pk", flat=True)
    while portion := list(pks.filter(pk__gt=last)[:AT_ONCE]):
        rows.model.objects.filter(pk__in=portion).update(**values)
        last = portion[-1]


def fill(apps, schema_editor):
    offers = apps.get_model("leaddistrib", "Offer").objects
    # When an offer opened was the best that was known of when its rep was told.
    told = offers.filter(told_at__isnull=False, opened_at=None)
    in_portions(told.filter(closed_at=None), opened_at=F("told_at"))  # those that matter now first
    in_portions(told, opened_at=F("told_at"))
    satisfaction = apps.get_model("leaddistrib", "Satisfaction").objects
    in_portions(satisfaction.filter(answered_at__isnull=False, by=None), by_customer=True)


def back(apps, schema_editor):
    offers = apps.get_model("leaddistrib", "Offer").objects
    in_portions(offers.filter(opened_at__isnull=False), told_at=F("opened_at"))


class Migration(migrations.Migration):
    """Not in one transaction, which would keep claims waiting for as long as it takes; begun again,
    it goes on."""

    atomic = False

    dependencies = [
        ("leaddistrib", "0014_told"),
    ]

    operations = [
        migrations.RunPython(fill, back, elidable=True),
    ]
