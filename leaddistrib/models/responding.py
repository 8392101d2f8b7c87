"""How soon a lead is to be answered, what happens when it is not, and how it went (SL1–SL6)."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep, Team
from leaddistrib.models.pools import Pool
from leaddistrib.models.routing import Assignment


class ResponsePolicy(models.Model):
    """How soon leads of a type and source are to be answered. The first that fits, by position,
    holds; one with neither fits every lead."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)
    lead_type = models.CharField(
        _("lead type"), max_length=100, blank=True, help_text=_("Empty: any.")
    )
    source = models.CharField(_("source"), max_length=100, blank=True, help_text=_("Empty: any."))
    minutes = models.PositiveIntegerField(
        _("answered within (minutes)"),
        validators=[MinValueValidator(1)],
        help_text=_("From the moment a rep has the lead to the first contact."),
    )
    working_time = models.BooleanField(
        _("working minutes"),
        default=False,
        help_text=_("Count only the owner's working hours. Otherwise nights and weekends count."),
    )
    remind_minutes = models.PositiveIntegerField(
        _("reminder (minutes before)"),
        null=True,
        blank=True,
        help_text=_("Before the time is up. Empty: none."),
    )
    max_reassignments = models.PositiveSmallIntegerField(
        _("reassignments at most"),
        default=3,
        help_text=_("Of one lead, because nobody answered. Then its managers are told instead."),
    )
    cooldown_minutes = models.PositiveIntegerField(
        _("minutes between two reassignments"),
        default=15,
        validators=[MinValueValidator(1)],
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("position", "id")
        verbose_name = _("response policy")
        verbose_name_plural = _("response policies")
        constraints = (
            models.CheckConstraint(
                condition=Q(minutes__gte=1, cooldown_minutes__gte=1),
                name="leaddistrib_policy_minutes",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.remind_minutes is not None and self.minutes and self.remind_minutes >= self.minutes:
            text = _("The reminder must come before the time is up, and after it began.")
            raise ValidationError({"remind_minutes": text})


class EscalationStep(models.Model):
    """Where a lead goes that its owner does not answer. The next owner has a clock of their own,
    and the next step follows if they do not answer either (SL3). A step that finds nobody is passed
    over at once."""

    class To(models.TextChoices):
        BACKUP = "backup", _("the rep's backup")
        RULES = "rules", _("another rep, by the rules")
        MANAGER = "manager", _("the team's manager")
        POOL = "pool", _("a pool")

    policy = models.ForeignKey(
        ResponsePolicy, on_delete=models.CASCADE, related_name="steps", verbose_name=_("policy")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    to = models.CharField(_("goes to"), max_length=7, choices=To.choices)
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("pool"),
    )
    after_minutes = models.PositiveIntegerField(
        _("after (minutes)"),
        validators=[MinValueValidator(1)],
        help_text=_("Without contact, from the moment its owner has the lead."),
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("policy", "position", "id")
        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation steps")
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "position"), name="leaddistrib_step_position_once"
            ),
            models.CheckConstraint(
                condition=Q(to="pool", pool__isnull=False) | (~Q(to="pool") & Q(pool__isnull=True)),
                name="leaddistrib_escalation_pool",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_to_display()}: {self.after_minutes}"

    def clean(self) -> None:
        if (self.to == self.To.POOL) != (self.pool_id is not None):
            raise ValidationError({"pool": _("Choose a pool where the lead goes to one.")})


class ResponseClock(models.Model):
    """From the moment a rep has a lead to the first contact (SL2). One for each assignment.

    It runs until ``answered_at`` (in touch) or ``stopped_at`` (not the rep's any more). Whether it
    is late is seen by ``due_at``; nothing has to fire for that. ``next_at`` is when the worker next
    looks at it: for the reminder, the deadline, or the next step.
    """

    assignment = models.OneToOneField(
        Assignment, on_delete=models.CASCADE, related_name="clock", verbose_name=_("assignment")
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="clocks", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.PROTECT, related_name="clocks", verbose_name=_("rep")
    )
    policy = models.ForeignKey(
        ResponsePolicy,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("policy"),
    )
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    # Steps of the policy that were taken: the next one is this one. Whoever gets the lead by one
    # of them goes on from there.
    step = models.PositiveSmallIntegerField(_("next step"), default=0)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    lapsed_at = models.DateTimeField(_("lapsed"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    # Since when nobody is left to give the lead to. It is the rep's until somebody is found.
    stuck_at = models.DateTimeField(_("nobody left to ask since"), null=True, blank=True)
    next_at = models.DateTimeField(_("looked at"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("response clock")
        verbose_name_plural = _("response clocks")
        constraints = (
            models.CheckConstraint(
                condition=Q(next_at__isnull=True)
                | Q(answered_at__isnull=True, stopped_at__isnull=True),
                name="leaddistrib_clock_runs",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("started_at")), name="leaddistrib_clock_order"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_at", "id"),
                condition=Q(next_at__isnull=False),
                name="leaddistrib_clock_next",
            ),
            models.Index(fields=("rep", "-started_at"), name="leaddistrib_clock_rep"),
            models.Index(fields=("started_at",), name="leaddistrib_clock_started"),
            models.Index(
                fields=("due_at", "id"),
                condition=Q(answered_at__isnull=True, stopped_at__isnull=True),
                name="leaddistrib_clock_running",
            ),
            # What an alert counts: clocks that run although nobody is left to ask.
            models.Index(
                fields=("rep", "stuck_at"),
                condition=Q(answered_at__isnull=True, stopped_at__isnull=True)
                & Q(stuck_at__isnull=False),
                name="leaddistrib_clock_stuck",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rep} @ {self.lead}"

    @property
    def runs(self) -> bool:
        return self.answered_at is None and self.stopped_at is None


class MessageTemplate(models.Model):
    """A first message to a lead, with placeholders such as {contact_name} (SL5)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    active = models.BooleanField(_("active"), default=True)
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Empty: for everybody."),
    )
    lead_type = models.CharField(
        _("lead type"), max_length=100, blank=True, help_text=_("Empty: any.")
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("Of the lead. Empty: any.")
    )
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=2000)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")

    def __str__(self) -> str:
        return self.name


class ResponseRollup(models.Model):
    """Responses of an hour of a local day by one rep, to one source and type of leads (SL4): sums
    of what the log says, written in the same transaction, so that a report costs the same however
    many leads there were. ``leaddistrib_rollups`` compares them with the log.

    A response counts for the hour in which its clock started.
    """

    day = models.DateField(_("day"))
    hour = models.PositiveSmallIntegerField(_("hour"))
    rep = models.ForeignKey(Rep, on_delete=models.PROTECT, related_name="+", verbose_name=_("rep"))
    source = models.CharField(_("source"), max_length=100, blank=True)
    lead_type = models.CharField(_("lead type"), max_length=100, blank=True)
    started = models.IntegerField(_("started"), default=0)
    answered = models.IntegerField(_("answered"), default=0)
    in_time = models.IntegerField(_("in time"), default=0)
    within_5 = models.IntegerField(_("within 5 minutes"), default=0)
    within_60 = models.IntegerField(_("within an hour"), default=0)
    lapsed = models.IntegerField(_("lapsed"), default=0)
    seconds = models.BigIntegerField(_("seconds until answered"), default=0)

    class Meta:
        verbose_name = _("responses of an hour")
        verbose_name_plural = _("responses by hour")
        constraints = (
            models.UniqueConstraint(
                fields=("day", "hour", "rep", "source", "lead_type"),
                name="leaddistrib_rollup_once",
            ),
        )
        indexes = (models.Index(fields=("rep", "day"), name="leaddistrib_rollup_rep"),)

    def __str__(self) -> str:
        return f"{self.day} {self.hour}: {self.rep}"


class ResponseRun(models.Model):
    """Answers of a rep within ten minutes, one after the other: the run that goes on, and the
    longest so far (SL4)."""

    rep = models.OneToOneField(
        Rep, on_delete=models.CASCADE, related_name="response_run", verbose_name=_("rep")
    )
    current = models.PositiveIntegerField(_("current run"), default=0)
    longest = models.PositiveIntegerField(_("longest run"), default=0)
    longest_at = models.DateTimeField(_("reached"), null=True, blank=True)

    class Meta:
        verbose_name = _("run of quick responses")
        verbose_name_plural = _("runs of quick responses")

    def __str__(self) -> str:
        return f"{self.rep}: {self.longest}"
