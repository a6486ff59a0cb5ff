"""Mail: the link of an invitation, sent by the server that the settings name.

Nothing depends on a mail arriving. Whoever invites is told whether it was handed over, and otherwise gets the link to
pass on.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from polaris.settings import ADDRESS, Settings, is_loopback

TIMEOUT_SECONDS = 15.0


class MailFailed(Exception):
    """The mail was not handed over; the text is a sentence for the person who wanted to send it."""


class Mailer:
    """Sends by one server: ``smtp[s]://user:password@host:port``.

    A password is only ever sent over TLS, except to this machine itself.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "") if parts.username else None
        self._tls = parts.scheme == "smtps"
        self.port = parts.port or (465 if self._tls else 587 if self._user else 25)
        # Without TLS from the start: STARTTLS has to be when there is a password, else where the server offers it.
        # A relay on this machine often has a certificate of nobody.
        self._start_tls = False if self._tls or is_loopback(self.host) else (True if self._user else None)
        self.sender = sender
        self._address = parseaddr(sender)[1]

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hands one mail over. Raises `MailFailed`."""
        if not re.fullmatch(ADDRESS, to):
            raise MailFailed("This is not an address that mail can be sent to.")
        domain = self._address.rpartition("@")[2]
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, _line(subject)
        mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain=domain)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            await aiosmtplib.send(
                mail,
                sender=self._address,
                recipients=[to],
                hostname=self.host,
                port=self.port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                start_tls=self._start_tls,
                local_hostname=domain,  # otherwise it asks the name server for a name of this machine
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            said = error.recipients[0]
            raise MailFailed(f"The mail server refuses the address: {said.code} {_line(said.message)}") from error
        except aiosmtplib.SMTPAuthenticationError as error:
            raise MailFailed("The mail server does not take the password of POLARIS_SMTP_URL.") from error
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailed(f"The mail server says {error.code} {_line(error.message)}") from error
        except (TimeoutError, aiosmtplib.SMTPTimeoutError) as error:
            raise MailFailed(f"The mail server did not answer within {TIMEOUT_SECONDS:.0f} seconds.") from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            raise MailFailed(f"The mail server cannot be used: {_line(str(error))}") from error


@dataclass(frozen=True)
class Invitation:
    """What a mail tells. ``link`` is secret: it lets its holder in, with the right address."""

    to: str
    org_name: str
    invited_by: str
    role: str
    link: str
    expires_at: datetime

    def subject(self) -> str:
        return f"{_line(self.invited_by)} invites you to {_line(self.org_name)} on Polaris"

    def text(self) -> str:
        until = self.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return (
            f"{_line(self.invited_by)} invites you to the organization {_line(self.org_name)} on Polaris, "
            f"as {self.role}.\n\n"
            f"{self.link}\n\n"
            f"The link works once, until {until}, and only for {self.to}: sign in with that address.\n"
            "If you did not expect this, do nothing.\n"
        )


async def send_invitation(settings: Settings, invitation: Invitation) -> str | None:
    """None when the mail was handed over; otherwise why not, as a sentence to show beside the link."""
    if settings.smtp_url is None or settings.mail_from is None:
        return "No mail server is set up here."
    try:
        await Mailer(settings.smtp_url, settings.mail_from).send(invitation.to, invitation.subject(), invitation.text())
    except MailFailed as failed:
        return str(failed)
    return None


def _line(text: str) -> str:
    """One line of it: what people call an organization cannot add a header or a link of its own line."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:200]
