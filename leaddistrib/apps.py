from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadDistribConfig(AppConfig):
    name = "leaddistrib"
    verbose_name = _("Lead distribution")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported for what it registers: the checks that refuse a wrong configuration at start.
        from leaddistrib import checks  # noqa: F401
