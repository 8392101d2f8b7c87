import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

EVENTS = [
    ("lead.received", "Lead received"),
    ("lead.updated", "Lead updated by its source"),
    ("lead.assigned", "Lead assigned"),
    ("lead.opened", "Lead opened to claims"),
    ("lead.claimed", "Lead claimed"),
    ("lead.released", "Lead given back"),
    ("lead.closed", "Lead closed"),
    ("lead.reassigned", "Lead reassigned"),
    ("lead.contacted", "Lead contacted"),
    ("contact.undone", "Contact undone"),
    ("lead.attempted", "Nobody answered"),
    ("lead.duplicate", "Duplicate recognised"),
    ("lead.escalated", "Lead escalated"),
    ("lead.recycled", "Lead recycled"),
    ("response.started", "Response clock started"),
    ("response.reminded", "Reminded to answer"),
    ("response.lapsed", "Not answered in time"),
    ("outcome.recorded", "Outcome recorded"),
    ("outcome.undone", "Outcome undone"),
    ("satisfaction.answered", "Satisfaction answered"),
    ("turn.credited", "Turn credited back"),
]


class Migration(migrations.Migration):
    """An offer opens, and its rep is told: two times. Who said how satisfied the customer is stays
    known. Direct messages in Slack. Rows are changed by the next migration, without a lock on their
    tables."""

    dependencies = [
        ("leaddistrib", "0013_escalation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="offer", name="leaddistrib_offer_untold"),
        migrations.AddField(
            model_name="offer",
            name="opened_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="opened"),
        ),
        migrations.AddField(
            model_name="satisfaction",
            name="by_customer",
            field=models.BooleanField(default=False, verbose_name="said by the customer"),
        ),
        migrations.AlterField(
            model_name="satisfaction",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddField(
            model_name="notificationsettings",
            name="slack",
            field=models.BooleanField(
                default=True,
                help_text="Direct messages, once your account there is tied.",
                verbose_name="Slack",
            ),
        ),
        migrations.AlterField(
            model_name="logentry",
            name="event",
            field=models.CharField(choices=EVENTS, max_length=30, verbose_name="event"),
        ),
    ]
