"""What time it is for the sessions of a race, each of which may have a clock of its own."""

import threading
from datetime import datetime

from leaddistrib.queries import clock


class Clocks:
    """The clock of each thread: the database's, until it is stopped at a moment."""

    def __init__(self) -> None:
        self.own, self.real = threading.local(), clock.now
        clock.now = self.now

    def now(self) -> datetime:
        return getattr(self.own, "stopped", None) or self.real()
