"""The pages as an app on a phone: manifest, service worker, and what is shown offline (UI2)."""

import json
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHELL = (
    "pages.css",
    "icons.svg",
    "favicon.svg",
    "app.js",
    "page.js",
    "pool.js",
    "clock.js",
    "claim.js",
    "live.js",
    "offline.js",
)
"""What the offline page and the list of waiting leads are made of."""

PAPER = "#f7f7f5"


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone asks to install the pages as an app."""
    home = reverse("leaddistrib:home")
    name = render_to_string("leaddistrib/brand_name.html").strip()
    document = {
        "id": home,
        "name": name,
        "short_name": name,
        "description": _("Leads for you, the moment they come in."),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            _icon("icon-192.png", 192),
            _icon("icon-512.png", 512),
            _icon("icon-maskable-512.png", 512, purpose="maskable"),
        ],
        "shortcuts": [
            {
                "name": _("Pool"),
                "url": reverse("leaddistrib:pool"),
                "icons": [_icon("icon-192.png", 192)],
            }
        ],
    }
    return HttpResponse(json.dumps(document), content_type="application/manifest+json")


def _icon(name: str, size: int, purpose: str = "any") -> dict[str, str]:
    return {
        "src": static(f"leaddistrib/{name}"),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": purpose,
    }


@require_safe
@never_cache
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: this site's addresses and words, then the script that uses them.

    From an address of the app, not from the static files, because a worker rules over what lies
    below its own address. Browsers ask for it again with each page, and take it anew when a byte of
    it changes, such as the name of a static file or the language.
    """
    home = reverse("leaddistrib:home")
    app = {
        "home": home,
        "pool": reverse("leaddistrib:pool"),
        "offline": reverse("leaddistrib:offline"),
        "receipts": reverse("leaddistrib:receipt-seen", args=["-"]).removesuffix("-/seen/"),
        "renew": reverse("leaddistrib:push-renew"),
        "icon": static("leaddistrib/icon-192.png"),
        "badge": static("leaddistrib/badge-96.png"),
        "assets": [static(f"leaddistrib/{name}") for name in SHELL],
        "language": get_language(),
        "untitled": _("New message"),
        "refused": _("You are offline. Nothing was sent, and nothing will be sent later."),
    }
    app["version"] = sha256(json.dumps(app).encode()).hexdigest()[:12]
    script = json.dumps(static("leaddistrib/sw.js"))
    script = f"const APP = {json.dumps(app)};\nimportScripts({script});\n"
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = home
    return response


@require_safe
@never_cache
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows where there is no connection. It knows nobody, and holds no data."""
    return render(request, "leaddistrib/offline.html")
