"""The user whom a message goes to takes the rep's place."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leaddistrib", "0002_outbox_user")]

    operations = [
        migrations.RemoveConstraint("outboxmessage", "leaddistrib_outbox_once"),
        migrations.RemoveField("outboxmessage", "recipient"),
        migrations.RenameField("outboxmessage", "user", "recipient"),
        migrations.AlterField(
            "outboxmessage",
            "recipient",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recipient",
            ),
        ),
        migrations.AddConstraint(
            "outboxmessage",
            models.UniqueConstraint(
                fields=("event", "recipient", "channel"), name="leaddistrib_outbox_once"
            ),
        ),
    ]
