"""Addresses of calendars are sealed, and contacts are counted for the pool of their lead."""

from urllib.parse import urlsplit

from django.db import migrations
from django.db.models import OuterRef, Subquery

from leaddistrib.sealing import seal, unseal


def seal_addresses(apps, schema_editor):
    for calendar in apps.get_model("leaddistrib", "Calendar").objects.all():
        calendar.address = seal(calendar.url)
        calendar.host = (urlsplit(calendar.url).hostname or "")[:253]
        calendar.save(update_fields=("address", "host"))


def open_addresses(apps, schema_editor):
    for calendar in apps.get_model("leaddistrib", "Calendar").objects.all():
        calendar.url = unseal(calendar.address)
        calendar.save(update_fields=("url",))


def keep_pools(apps, schema_editor):
    lead = apps.get_model("leaddistrib", "Lead")
    of = Subquery(lead.objects.filter(pk=OuterRef("lead")).values("pool")[:1])
    apps.get_model("leaddistrib", "Contact").objects.update(pool=of)


class Migration(migrations.Migration):
    # On its own: PostgreSQL alters no table in the transaction that wrote it.
    dependencies = [("leaddistrib", "0006_handing_over")]

    operations = [
        migrations.RunPython(seal_addresses, open_addresses),
        migrations.RunPython(keep_pools, migrations.RunPython.noop),
    ]
