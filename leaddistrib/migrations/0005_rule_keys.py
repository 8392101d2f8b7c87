"""A rule is the same rule in every version: rules of one name get one key of their own."""

import uuid

from django.db import migrations


def one_key_a_name(apps, schema_editor):
    rule = apps.get_model("leaddistrib", "Rule")
    for name in rule.objects.order_by("name").values_list("name", flat=True).distinct():
        rule.objects.filter(name=name).update(key=uuid.uuid4())


class Migration(migrations.Migration):
    # On its own: PostgreSQL alters no table in the transaction that wrote it.
    dependencies = [("leaddistrib", "0004_routing")]

    operations = [migrations.RunPython(one_key_a_name, migrations.RunPython.noop)]
