"""Web servers do not run Django's system checks; this does, before they take a request.

In the host's ``asgi.py`` and ``wsgi.py``, after Django's ``get_asgi_application()``::

    from leaddistrib.startup import refuse_wrong_configuration

    refuse_wrong_configuration()
"""

import sys

from django.core import checks

CANNOT_START = 3
"""Exit status by which uvicorn and gunicorn know that starting the worker again is no use."""


def refuse_wrong_configuration() -> None:
    """Say what is wrong with leaddistrib's configuration, and end the process if it is serious."""
    found = checks.run_checks(tags=["leaddistrib"], databases=["default"])
    shown = [message for message in found if not message.is_silenced()]
    for message in shown:
        sys.stderr.write(f"{message}\n")
    if any(message.is_serious(checks.ERROR) for message in shown):
        sys.stderr.write("leaddistrib does not start until this is mended.\n")
        sys.exit(CANNOT_START)
