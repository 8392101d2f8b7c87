from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """After the rows were changed: an index is built once."""

    dependencies = [
        ("leaddistrib", "0015_told_times"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=Q(opened_at__isnull=True, closed_at__isnull=True),
                fields=["opens_at", "id"],
                name="leaddistrib_offer_unopened",
            ),
        ),
        migrations.AddIndex(
            model_name="responseclock",
            index=models.Index(fields=["started_at"], name="leaddistrib_clock_started"),
        ),
    ]
