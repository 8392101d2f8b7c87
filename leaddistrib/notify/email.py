"""The e-mail channel."""

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from leaddistrib.models import OutboxMessage, Rep


def address(rep: Rep) -> str:
    """Where the rep's mail goes; "" where no address is known."""
    return str(getattr(rep.user, rep.user.get_email_field_name(), "") or "")


def send(message: OutboxMessage) -> None:
    """Send one message in the recipient's language.

    Raises:
        smtplib.SMTPException, OSError: the mail server refused or could not be reached.
        ValueError: the address is none.
    """
    context = {"rep": message.recipient, "lead": message.lead}
    with translation.override(message.recipient.language or None):
        subject = render_to_string("leaddistrib/email/assigned_subject.txt", context)
        body = render_to_string("leaddistrib/email/assigned.txt", context)
    send_mail(" ".join(subject.split()), body, None, [address(message.recipient)])
