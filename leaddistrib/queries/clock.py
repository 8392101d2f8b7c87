"""What time it is, for everything that is decided by time: the database's time.

Web and worker machines may be minutes apart; the database is one. On SQLite the database is in this
process, so its clock is ours.
"""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The database's time, aware, read afresh (it moves on inside a transaction). One query."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
