"""A worker that may push to the stand-in of a measurement (BENCHMARK_SETTINGS, as JSON)."""

import json
import os

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

settings.DEBUG = False  # it keeps every query
settings.LEADDISTRIB = settings.LEADDISTRIB | json.loads(os.environ["BENCHMARK_SETTINGS"])
call_command("leaddistrib_worker", "--no-cluster", verbosity=0)
