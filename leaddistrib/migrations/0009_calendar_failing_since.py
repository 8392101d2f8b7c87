from django.db import migrations, models


class Migration(migrations.Migration):
    """A calendar that fails meanwhile counts from its next reading on."""

    dependencies = [
        ('leaddistrib', '0008_calendar_hosts'),
    ]

    operations = [
        migrations.AddField(
            model_name='calendar',
            name='failing_since',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
