"""HTTP and sockets in one ASGI application: `uvicorn config.asgi:application`."""

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Under ASGI each request has a thread of its own. A connection kept for a thread is then never
# used again, and stays open until it is collected: a pool is what can be kept here. Not in the
# workers: django-q2's processes stop working with it.
os.environ.setdefault("DATABASE_POOL", "20")
# WhiteNoise reads its files synchronously, which Django mentions once. They are small.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

http = get_asgi_application()  # sets Django up, which the imports below rely on

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from leaddistrib.routing import websocket_urlpatterns  # noqa: E402
from leaddistrib.startup import refuse_wrong_configuration  # noqa: E402

refuse_wrong_configuration()

# The socket reads the session and compares the Origin itself: no middleware to forget.
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)})
