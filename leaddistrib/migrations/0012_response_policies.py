from django.db import migrations

# Lead type (empty: any), minutes to the first contact, minutes until it is given to somebody else.
POLICIES = (
    ("Demo request", "demo_request", 5, 120),
    ("Contact sales", "contact_sales", 5, 120),
    ("Referral", "referral", 15, 120),
    ("Reply to cold outreach", "outreach_reply", 30, 120),
    ("Content download", "content_mql", 120, 240),
    ("Event", "event", 24 * 60, 24 * 60),
    ("Old lead, interested again", "reengaged", 48 * 60, 48 * 60),
    ("Everything else", "", 120, 120),
)
STEPS = ("backup", "rules", "manager")


def add(apps, schema_editor):
    policies = apps.get_model("leaddistrib", "ResponsePolicy").objects
    steps = apps.get_model("leaddistrib", "EscalationStep").objects
    for position, (name, lead_type, minutes, escalated) in enumerate(POLICIES):
        policy = policies.create(
            name=name,
            position=position,
            lead_type=lead_type,
            minutes=minutes,
            remind_minutes=max(1, minutes // 4),
        )
        for number, to in enumerate(STEPS):
            steps.create(policy=policy, position=number, to=to, after_minutes=escalated)


class Migration(migrations.Migration):
    """Policies to begin with, which an admin changes. Leads that somebody has already get no
    clock: it starts with the next assignment or claim."""

    dependencies = [
        ("leaddistrib", "0011_responding"),
    ]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
