"""Pages and API without sockets: pages then poll. Prefer config.asgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from leaddistrib.startup import refuse_wrong_configuration  # noqa: E402

refuse_wrong_configuration()
