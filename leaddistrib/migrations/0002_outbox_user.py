"""Messages go to users: managers, who need not be reps, are told of alerts too.

The copying is a migration of its own: PostgreSQL alters no table in the transaction that wrote it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def rep_to_user(apps, schema_editor):
    message, rep = apps.get_model("leaddistrib", "OutboxMessage"), apps.get_model("leaddistrib", "Rep")
    user = rep.objects.filter(pk=OuterRef("recipient_id")).values("user_id")
    message.objects.update(user_id=Subquery(user))


class Migration(migrations.Migration):
    dependencies = [
        ("leaddistrib", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "outboxmessage",
            "user",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(rep_to_user, migrations.RunPython.noop),
    ]
