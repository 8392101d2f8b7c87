"""How often may be called (LEADDISTRIB["API_RATES"])."""

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from leaddistrib import conf


class Rate(SimpleRateThrottle):
    """The rate of one kind of call ("default", "claim", "intake", "unsigned").

    Counted for ``who`` ("webhook:7"), or else for the user who calls, or for the address if nobody
    is signed in. The kinds of callers are kept apart: no address can be that of a user.
    """

    def __init__(self, scope: str, who: str = "") -> None:
        self.scope = scope
        self.who = who
        super().__init__()

    def get_rate(self) -> str | None:
        """The host's rate, or the default where the host names only others. None: no limit."""
        rates = {**conf.Settings.DEFAULTS["API_RATES"], **conf.settings.API_RATES}
        rate: str | None = rates[self.scope]
        return rate

    def get_ident(self, request: Request) -> str:
        """The address of who calls: the connection's, since everybody may write into
        ``X-Forwarded-For`` what they like, unless NUM_PROXIES says who wrote the end of it."""
        if api_settings.NUM_PROXIES is None:
            return str(request.META.get("REMOTE_ADDR", ""))
        return str(super().get_ident(request))

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"leaddistrib.api.{self.scope}.{self.who or self._caller(request)}"

    def _caller(self, request: Request) -> str:
        if request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"address:{self.get_ident(request)}"
