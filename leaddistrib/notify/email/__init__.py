"""E-mail, by the mail settings of the host project."""

import smtplib
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.models import AbstractUser
from django.core import mail as django_mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.utils import DNS_NAME

from leaddistrib import conf
from leaddistrib.models import OutboxMessage
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import Later, NoDevice, NotSent, NotSetUp, Refused
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.texts import context, read_by, render

PATIENCE = 15
"""Seconds that a mail server may be silent where the host sets no EMAIL_TIMEOUT. Django would wait
for ever, and with it a thread of the channel, and a worker that is to stop."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail, ready to be handed to the mail server."""

    mail: EmailMessage

    def send(self) -> Receipt:
        """Hand it over. How long a server may be silent is the host's setting (EMAIL_TIMEOUT), else
        PATIENCE."""
        connection = _connection()
        try:
            connection.send_messages([self.mail])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused([code for code, _text in error.recipients.values()]) from None
        except smtplib.SMTPAuthenticationError as error:
            raise NotSetUp("credentials_refused", error.smtp_code) from None
        except smtplib.SMTPDataError as error:
            raise _refused([error.smtp_code]) from None
        except smtplib.SMTPResponseException as error:  # it does not take mail from us, so far
            raise Later("answered", error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Later("unreachable", type(error).__name__) from None
        except ValueError:  # a line break in the address, or something that is no address
            raise Refused("address_not_valid") from None
        finally:
            connection.close()  # Django leaves it open when it is not let in
        return Receipt(str(self.mail.extra_headers["Message-ID"])[:200])


def prepare(message: OutboxMessage, kind: Kind, loaded: Loaded) -> Mail:
    """The message to its recipient, or to the contact of its lead, as an e-mail.

    Raises:
        NoDevice: no address is known.
    """
    to = _to(message)
    if not to:
        raise NoDevice("no_address")
    with read_by(message):
        shown = context(message, loaded)
        subject = " ".join(render("email", f"{kind.template}_subject", shown).split())
        body = render("email", kind.template, shown) + "\n"
    headers = {
        # The same each time: whoever gets it twice, after a crash, can tell.
        "Message-ID": f"<leaddistrib.{message.pk}.{message.created_at:%Y%m%d%H%M%S}@{_domain()}>",
        "Auto-Submitted": "auto-generated",  # no answers of absence to it, please
    }
    return Mail(EmailMessage(subject, body, None, [to], headers=headers))


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Nothing is learned of a mailbox."""


def address(user: AbstractUser) -> str:
    """Where the user's mail goes; "" where no address is known."""
    return str(getattr(user, user.get_email_field_name(), "") or "")


def _to(message: OutboxMessage) -> str:
    if message.recipient is not None:
        return address(message.recipient)
    return message.lead.contact_email if message.lead else ""


def _connection() -> BaseEmailBackend:
    """To the host's mail server; none is waited for for ever."""
    # From Django 6.1 on, where get_connection is deprecated; they know the old settings too.
    mailers = getattr(django_mail, "mailers", None)
    connection = mailers.default if mailers else django_mail.get_connection()
    if isinstance(connection, EmailBackend) and connection.timeout is None:
        connection.timeout = PATIENCE
    return connection


def _domain() -> str:
    return urlsplit(conf.settings.SITE_URL).hostname or str(DNS_NAME)


def _refused(codes: list[int]) -> NotSent:
    """What the server's refusal means: 4xx is for now, 5xx for good."""
    now = [code for code in codes if code < 500]
    return Later("answered", now[0]) if now else Refused("answered", max(codes, default=""))
