"""What commands that run for long write: one line for each event."""

import logging

from django.core.management.base import OutputWrapper

FOR_MACHINES = "%(asctime)s %(levelname)s %(name)s %(message)s"
FOR_PEOPLE = "%(asctime)s  %(message)s"
LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)


def log_to_terminal(
    stream: OutputWrapper, verbosity: int, name: str = "leaddistrib", form: str = FOR_MACHINES
) -> None:
    """Send the log called ``name`` to ``stream``, unless the project's LOGGING says where it goes.

    ``verbosity`` is Django's: 0 for errors only, 1 for what happens, 2 and more for everything.
    """
    logger = logging.getLogger(name)
    if logger.handlers:
        return
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(form, "%H:%M:%S" if form == FOR_PEOPLE else None))
    logger.addHandler(handler)
    logger.setLevel(LEVELS[min(verbosity, 2)])
