"""How often a user may call (LEADDISTRIB["API_RATES"])."""

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from leaddistrib import conf


class Rate(SimpleRateThrottle):
    """The rate of one kind of call ("default", "claim", "intake"), for each user or address."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> str | None:
        """The host's rate, or the default where the host names only others. None: no limit."""
        rates = {**conf.Settings.DEFAULTS["API_RATES"], **conf.settings.API_RATES}
        rate: str | None = rates[self.scope]
        return rate

    def get_cache_key(self, request: Request, view: APIView) -> str:
        who = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return f"leaddistrib.api.{self.scope}.{who}"
