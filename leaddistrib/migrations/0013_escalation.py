from django.db import migrations, models


class Migration(migrations.Migration):
    """A lead that nobody answers goes on by a decision of its own kind, and stays where it is when
    nobody is left to ask."""

    dependencies = [
        ('leaddistrib', '0012_response_policies'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='decision',
            name='leaddistrib_decision_owner_or_pool',
        ),
        migrations.RemoveConstraint(
            model_name='decision',
            name='leaddistrib_decision_by_rules',
        ),
        migrations.AddField(
            model_name='responseclock',
            name='stuck_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='nobody left to ask since'),
        ),
        migrations.AddIndex(
            model_name='responseclock',
            index=models.Index(condition=models.Q(('answered_at__isnull', True), ('stopped_at__isnull', True), ('stuck_at__isnull', False)), fields=['rep', 'stuck_at'], name='leaddistrib_clock_stuck'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('method__in', ('push', 'manual')), ('owner__isnull', False)), ('method', 'duplicate'), models.Q(('method', 'escalation'), ('owner__isnull', False), ('pool__isnull', True)), models.Q(('method', 'escalation'), ('owner__isnull', True), ('pool__isnull', False)), models.Q(('method__in', ('queue', 'shared', 'race')), ('owner__isnull', True), ('pool__isnull', False)), _connector='OR'), name='leaddistrib_decision_owner_or_pool'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ('duplicate', 'manual', 'escalation')), ('ruleset__isnull', False), _connector='OR'), name='leaddistrib_decision_by_rules'),
        ),
    ]
