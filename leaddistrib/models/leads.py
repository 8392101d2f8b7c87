"""The lead itself."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.markets import Account, Territory
from leaddistrib.models.people import Rep
from leaddistrib.models.pools import Pool


class Lead(models.Model):
    """A person or company that may buy, from the moment it comes in.

    ``owner`` and ``status`` are where the lead is now; how it got there is in its decisions,
    assignments, claims and log entries. docs/life-of-a-lead.md shows the states.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")  # kept, not routed (import with --no-route)
        WAITING = "waiting", _("Waiting")  # in a pool, nobody owns it
        OWNED = "owned", _("Owned")  # one rep's
        CLOSED = "closed", _("Closed")  # done, one way or another

    class SizeBand(models.TextChoices):
        SMB = "smb", _("Small (under 50)")
        MID_MARKET = "mid_market", _("Mid-market (50–499)")
        ENTERPRISE = "enterprise", _("Enterprise (500+)")

    class Temperature(models.TextChoices):
        HOT = "hot", _("Hot")
        WARM = "warm", _("Warm")
        COLD = "cold", _("Cold")

    class Quality(models.TextChoices):
        HIGH = "high", _("High")
        STANDARD = "standard", _("Standard")
        LOW = "low", _("Low")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    source = models.CharField(_("source"), max_length=100, blank=True)
    source_system = models.CharField(_("source system"), max_length=100, blank=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    lead_type = models.CharField(_("lead type"), max_length=100, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    contact_title = models.CharField(_("title"), max_length=200, blank=True)
    contact_email = models.EmailField(_("e-mail"), blank=True)
    contact_phone = models.CharField(_("phone"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    subdivision = models.CharField(_("subdivision"), max_length=6, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    product = models.CharField(_("product"), max_length=100, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    value = models.DecimalField(
        _("expected value"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    # Derived on the way in (IN5), kept so that they can be filtered on.
    company_domain = models.CharField(_("company domain"), max_length=253, blank=True)
    size_band = models.CharField(_("size"), max_length=10, choices=SizeBand.choices, blank=True)
    temperature = models.CharField(
        _("temperature"), max_length=4, choices=Temperature.choices, blank=True
    )
    quality = models.CharField(_("quality"), max_length=8, choices=Quality.choices, blank=True)

    # Found by matching, between intake and the rules (IN3, IN4), kept as it was found.
    region = models.CharField(_("region"), max_length=6, blank=True)
    metro = models.CharField(_("metropolitan area"), max_length=100, blank=True)
    territory = models.ForeignKey(
        Territory,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        verbose_name=_("territory"),
    )
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        verbose_name=_("account"),
    )
    duplicate_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )

    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.RECEIVED
    )
    owner = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="leads",
        verbose_name=_("owner"),
    )
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="leads",
        verbose_name=_("pool"),
        help_text=_("Where the lead waits, or waited before it was claimed."),
    )
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    # In a pool whose leads open in waves: when it is open for members who have no offer, too.
    all_at = models.DateTimeField(_("opens to all"), null=True, blank=True, editable=False)
    # Claims are collected until then; the worker awards the lead afterwards (RA5).
    collecting_until = models.DateTimeField(
        _("claims are collected until"), null=True, blank=True, editable=False
    )
    # Drawn when it is opened: until somebody claims it, next to nothing of it is shown (GU2).
    blind = models.BooleanField(_("blind"), default=False, editable=False)
    # Grows each time the lead is opened to claims: at most one claim succeeds in each period.
    period = models.PositiveIntegerField(_("period"), default=0, editable=False)
    # When the worker next asks the rules who could be given this waiting lead (PU9, PL2).
    retry_at = models.DateTimeField(_("tried again"), null=True, blank=True, editable=False)

    received_at = models.DateTimeField(_("received"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    # Intake looks for this constraint's error, by this name: the same lead sent twice at once.
    ONCE = "leaddistrib_lead_external_id"

    class Meta:
        ordering = ("-received_at", "-id")
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        permissions = (
            ("import_lead", _("Can import leads from a file")),
            ("export_lead", _("Can export leads")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("source_system", "external_id"),
                condition=~Q(external_id=""),
                name="leaddistrib_lead_external_id",
            ),
            models.CheckConstraint(
                condition=Q(status="owned", owner__isnull=False)
                | Q(
                    status="waiting", owner__isnull=True, pool__isnull=False, opens_at__isnull=False
                )
                | Q(status="received", owner__isnull=True)
                | Q(status="closed"),
                name="leaddistrib_lead_owner_or_queue",
            ),
        )
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="leaddistrib_lead_newest"),
            models.Index(fields=("owner", "status"), name="leaddistrib_lead_owner"),
            models.Index(
                fields=("pool", "opens_at", "id"),
                condition=Q(status="waiting"),
                name="leaddistrib_lead_waiting",
            ),
            # The newest leads of several pools at once: what a rep's page shows first (PL1).
            models.Index(
                fields=("-opens_at", "-id"),
                condition=Q(status="waiting"),
                name="leaddistrib_lead_opened",
            ),
            models.Index(fields=("status", "-received_at"), name="leaddistrib_lead_status"),
            models.Index(
                fields=("retry_at", "id"),
                condition=Q(status="waiting", retry_at__isnull=False),
                name="leaddistrib_lead_retry",
            ),
            models.Index(
                fields=("collecting_until", "id"),
                condition=Q(collecting_until__isnull=False),
                name="leaddistrib_lead_collecting",
            ),
            # Matching looks for an earlier lead of the same person (IN3).
            models.Index(
                Lower("contact_email"),
                condition=~Q(contact_email=""),
                name="leaddistrib_lead_email",
            ),
            models.Index(
                fields=("contact_phone",),
                condition=~Q(contact_phone=""),
                name="leaddistrib_lead_phone",
            ),
            models.Index(
                fields=("company_domain",),
                condition=~Q(company_domain=""),
                name="leaddistrib_lead_domain",
            ),
        )

    def __str__(self) -> str:
        return self.company or self.contact_name or self.external_id or str(self.public_id)

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody may claim it at ``moment``."""
        return (
            self.status == self.Status.WAITING
            and self.opens_at is not None
            and self.opens_at <= moment
        )
