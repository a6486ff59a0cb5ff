"""Mail, handed to a real SMTP server on this machine."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from polaris.http.web import mail
from polaris.http.web.mail import Invitation, Mailer, MailFailed, send_invitation
from polaris.settings import Settings

PASSWORD = "p@ss:w/rd"
LINK = "https://polaris.example/invites/acme/a-secret"


class Inbox:
    """Keeps what arrives; ``refuse`` is said to every recipient."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refuse: str | None = None
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content, EmailMessage, policy=default))  # type: ignore[arg-type]
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


Start = Callable[..., str]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def start(inbox: Inbox) -> Iterator[Start]:
    """Starts the server with these options of aiosmtpd; answers host and port."""
    running: list[Controller] = []

    def begin(**options: Any) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{port}"

    yield begin
    for controller in running:
        controller.stop()


@pytest.fixture
def invitation() -> Invitation:
    return Invitation(
        "krishna@example.com", "Acme", "user:manu", "member", LINK, datetime(2026, 11, 30, 12, tzinfo=UTC)
    )


def settings(url: str | None) -> Settings:
    return Settings(Path("/nowhere"), smtp_url=url, mail_from="Polaris <polaris@example.org>" if url else None)


async def test_an_invitation_arrives_with_its_link(start: Start, inbox: Inbox, invitation: Invitation) -> None:
    why_not = await send_invitation(settings(f"smtp://{start()}"), invitation)

    assert why_not is None
    (found,) = inbox.mails
    assert found["To"] == "krishna@example.com"
    assert found["From"] == "Polaris <polaris@example.org>"
    assert found["Subject"] == "user:manu invites you to Acme on Polaris"
    assert found["Message-ID"].endswith("@example.org>")
    body = found.get_content()
    assert LINK in body.splitlines()
    assert "until 2026-11-30 12:00 UTC" in body
    assert inbox.envelopes[0].mail_from == "polaris@example.org"
    assert inbox.envelopes[0].rcpt_tos == ["krishna@example.com"]


async def test_without_a_server_it_says_so(invitation: Invitation) -> None:
    assert await send_invitation(settings(None), invitation) == "No mail server is set up here."


async def test_a_refused_address_is_told_with_the_reason(start: Start, inbox: Inbox, invitation: Invitation) -> None:
    inbox.refuse = "550 No such person"
    why_not = await send_invitation(settings(f"smtp://{start()}"), invitation)

    assert why_not == "The mail server refuses the address: 550 No such person"


async def test_a_server_that_is_not_there_is_told(invitation: Invitation) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{probe.getsockname()[1]}"

        why_not = await send_invitation(settings(url), invitation)
    assert why_not is not None
    assert why_not.startswith("The mail server cannot be used:")


async def test_a_silent_server_is_not_waited_for_long(invitation: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        why_not = await send_invitation(settings(f"smtp://127.0.0.1:{silent.getsockname()[1]}"), invitation)

    assert why_not == "The mail server did not answer within 0 seconds."


async def test_the_password_of_the_setting_is_used(start: Start, inbox: Inbox, invitation: Invitation) -> None:
    place = start(authenticator=inbox.authenticate, auth_require_tls=False)
    why_not = await send_invitation(settings(f"smtp://manu%40example.org:p%40ss%3Aw%2Frd@{place}"), invitation)

    assert why_not is None
    assert inbox.logins == [(b"manu@example.org", PASSWORD.encode())]


async def test_a_wrong_password_is_told_and_not_repeated(start: Start, inbox: Inbox, invitation: Invitation) -> None:
    place = start(authenticator=inbox.authenticate, auth_require_tls=False)
    why_not = await send_invitation(settings(f"smtp://manu:wrong-one@{place}"), invitation)

    assert why_not == "The mail server does not take the password of POLARIS_SMTP_URL."
    assert inbox.mails == []


async def test_no_password_goes_over_a_network_in_the_clear(
    start: Start, inbox: Inbox, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "is_loopback", lambda host: False)
    place = start(authenticator=inbox.authenticate, auth_require_tls=False)
    why_not = await send_invitation(settings(f"smtp://manu:p%40ss%3Aw%2Frd@{place}"), invitation)

    assert why_not is not None
    assert "STARTTLS" in why_not
    assert inbox.logins == []


async def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    start: Start, inbox: Inbox, invitation: Invitation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "is_loopback", lambda host: False)
    place = start(tls_context=self_signed(tmp_path))
    why_not = await send_invitation(settings(f"smtp://{place}"), invitation)

    assert why_not is not None
    assert "certificate" in why_not.lower()
    assert inbox.mails == []


@pytest.mark.parametrize(
    "address", ["a@example.com\nBcc: b@example.com", "a@example.com, b@example.com", "<a@example.com>", "a", ""]
)
async def test_an_address_is_one_address(start: Start, inbox: Inbox, address: str) -> None:
    mailer = Mailer(f"smtp://{start()}", "polaris@example.org")

    with pytest.raises(MailFailed):
        await mailer.send(address, "subject", "text")
    assert inbox.mails == []


@pytest.mark.parametrize(
    "name", ["Acme\r\nBcc: b@example.com", "Acme\nBcc: b@example.com", "Acme\x0bBcc:\x00 b@example.com"]
)
async def test_the_name_of_an_organization_adds_no_header_and_no_line(start: Start, inbox: Inbox, name: str) -> None:
    invitation = Invitation("a@example.com", name, name, "member", LINK, datetime.now(UTC) + timedelta(days=7))
    await send_invitation(settings(f"smtp://{start()}"), invitation)

    (found,) = inbox.mails
    assert "Bcc" not in found
    assert inbox.envelopes[0].rcpt_tos == ["a@example.com"]
    assert not [line for line in found.get_content().splitlines() if line.startswith("Bcc")]


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://mail.example.com", 25),
        ("smtp://manu:x@mail.example.com", 587),
        ("smtps://manu:x@mail.example.com", 465),
        ("smtp://mail.example.com:2525", 2525),
        ("smtp://[::1]:2525", 2525),
    ],
)
def test_the_usual_ports_need_not_be_written(url: str, port: int) -> None:
    assert Mailer(url, "polaris@example.org").port == port


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's certificate for 127.0.0.1 that nobody vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
