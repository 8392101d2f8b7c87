"""The reader's language, and what a page may load."""

from django.contrib.auth import SESSION_KEY
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from leaddistrib import conf
from leaddistrib.models import Rep

LANGUAGE = "leaddistrib_language"
"""Key of the session under which a signed-in user's language is kept; "" follows the browser."""


def speak(request: HttpRequest, language: str) -> None:
    """Answer this request, and the following ones of its session, in ``language``."""
    if request.session.get(LANGUAGE) != language:
        request.session[LANGUAGE] = language
    answer_in(request, language)


def answer_in(request: HttpRequest, language: str) -> None:
    """Answer this request alone in ``language``; "" leaves it as it is."""
    if language and translation.check_for_language(language):
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()


class LanguageMiddleware(MiddlewareMixin):
    """A rep's language before the browser's (UI4). Goes after AuthenticationMiddleware.

    The database is asked once a session; afterwards the session knows. Pages that load the rep
    anyway keep it up to date by ``speak``.
    """

    def process_request(self, request: HttpRequest) -> None:
        user = request.session.get(SESSION_KEY)
        if user is None:
            return
        language = request.session.get(LANGUAGE)
        if language is None:
            chosen = Rep.objects.filter(user=user).values_list("language", flat=True).first()
            language = request.session[LANGUAGE] = chosen or ""
        answer_in(request, language)


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Pages load scripts, styles and data from their own host only, and nothing inline.

    Paths under ``LEADDISTRIB["CSP_EXEMPT"]`` and answers with a policy of their own are left alone.
    """

    HEADER = "Content-Security-Policy"

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        exempt = request.path.startswith(tuple(conf.settings.CSP_EXEMPT))
        if not exempt and not response.has_header(self.HEADER):
            response[self.HEADER] = self._policy(request)
        return response

    def _policy(self, request: HttpRequest) -> str:
        try:
            # Browsers of 2021 do not yet count sockets of the same host as 'self'.
            sockets = f" ws://{request.get_host()} wss://{request.get_host()}"
        except DisallowedHost:
            sockets = ""
        return (
            f"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data:; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
