from django.db import migrations, models


class Migration(migrations.Migration):
    """A dry run that is being worked out meanwhile is begun anew by the next worker."""

    dependencies = [
        ('leaddistrib', '0009_calendar_failing_since'),
    ]

    operations = [
        migrations.AddField(
            model_name='dryrun',
            name='touched_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
