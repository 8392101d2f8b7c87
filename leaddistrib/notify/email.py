"""The e-mail channel."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from leaddistrib.models import OutboxMessage


def address(user: AbstractUser) -> str:
    """Where the user's mail goes; "" where no address is known."""
    return str(getattr(user, user.get_email_field_name(), "") or "")


def send(message: OutboxMessage, template: str, loaded: Mapping[str, Any]) -> None:
    """Send one message in the recipient's language: a rep's own, else the site's.

    ``template`` names its texts, ``loaded`` is what they show (``notify.kinds``).

    Raises:
        smtplib.SMTPException, OSError: the mail server refused or could not be reached.
        ValueError: the address is none.
    """
    user = message.recipient
    rep = getattr(user, "rep", None)
    context = {**loaded, "name": user.get_full_name() or user.get_username()}
    with translation.override((rep and rep.language) or None):
        subject = render_to_string(f"leaddistrib/email/{template}_subject.txt", context)
        body = render_to_string(f"leaddistrib/email/{template}.txt", context)
    send_mail(" ".join(subject.split()), body, None, [address(user)])
