"""What Polaris is told from outside: environment variables, the home folder, saved credentials.

Everything is read in one place and once; the rest of Polaris takes a `Settings` and never looks at the environment.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from polaris.addresses import Address, is_direct
from polaris.addresses import is_loopback as is_loopback  # it is asked for here
from polaris.errors import Misconfigured

DEFAULT_API_PORT = 4320
DEFAULT_DAEMON_PORT = 4321
GOOGLE = "https://accounts.google.com"
SLACK = "https://slack.com"
SLACK_WORDS = {
    "client_id": "POLARIS_SLACK_CLIENT_ID",
    "client_secret": "POLARIS_SLACK_CLIENT_SECRET",
    "signing_secret": "POLARIS_SLACK_SIGNING_SECRET",
    "app_token": "POLARIS_SLACK_APP_TOKEN",
}
ADDRESS = r"[^\s<>@]+@[^\s<>@]+"
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Credential:
    """Who this machine is to a service: one profile of ``credentials.json``.

    Of a direct link ``url`` is the ``postgresql://`` address without the password, and ``token`` the whole address.
    """

    url: str
    org: str
    actor: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Paths are absolute; times are whole seconds.

    ``port`` is the daemon's; the API's comes from its command line. ``database_url`` None means the embedded server.
    ``profile`` None means the default one of ``credentials.json``. ``service_password`` is what ``polaris db migrate``
    gives the service's login. ``parent`` is the process without which a server of ``polaris up`` ends by itself.
    ``public_url`` is the origin under which people open the web; None means loopback only. Without ``oidc_client_id``
    nobody signs in with a provider; without ``smtp_url`` links are shown instead of mailed. Without ``slack_client_id``
    no workspace can be connected; ``slack_keys`` seal bot tokens, the first of them seals new ones.
    """

    home: Path
    database_url: str | None = field(default=None, repr=False)
    port: int = DEFAULT_DAEMON_PORT
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    profile: str | None = None
    lease_seconds: int = 60
    log_level: str = "info"
    service_password: str | None = field(default=None, repr=False)
    parent: int | None = None
    public_url: str | None = None
    oidc_issuer: str = GOOGLE
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    local_sign_in: bool = False
    slack_client_id: str | None = None
    slack_client_secret: str | None = field(default=None, repr=False)
    slack_signing_secret: str | None = field(default=None, repr=False)
    slack_app_token: str | None = field(default=None, repr=False)
    slack_ingress: str = "http"
    slack_keys: tuple[str, ...] = field(default=(), repr=False)
    slack_url: str = SLACK

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Reads ``POLARIS_*`` out of *environ* (default: this process's own); an override that is not None wins.

        Raises `Misconfigured` with the name of the variable that cannot be read.
        """
        env = os.environ if environ is None else environ
        given = {name: value for name, value in overrides.items() if value is not None}
        home = given.pop("home", None) or env.get("POLARIS_HOME") or _default_home(env)
        read: dict[str, Any] = {
            "database_url": _url(env, "POLARIS_DATABASE_URL", ("postgresql", "postgres")),
            "port": _number(env, "POLARIS_PORT", DEFAULT_DAEMON_PORT, 0, 65535),
            **_service(env),
            "profile": env.get("POLARIS_PROFILE") or None,
            "lease_seconds": _number(env, "POLARIS_LEASE_SECONDS", 60, 5, 86400),
            "log_level": _level(env),
            "service_password": env.get("POLARIS_SERVICE_PASSWORD") or None,
            "parent": _number(env, "POLARIS_PARENT", 0, 0, 2**30) or None,
            "public_url": _public_url(env),
            "local_sign_in": _switch(env, "POLARIS_LOCAL_SIGN_IN"),
            **_provider(env),
            **_mail(env),
            **_slack(env),
        }
        return cls(home=Path(home).expanduser().absolute(), **(read | given))

    def check_local_sign_in(self, host: str) -> None:
        """Refuses sign-in without a proof where anybody but the people at this machine can come: `Misconfigured`.

        *host* is the listening address; a public address means that something passes the world's requests on to it.
        """
        public = urlsplit(self.public_url or "http://localhost").hostname or ""
        if self.local_sign_in and not (is_loopback(host) and is_loopback(public)):
            raise Misconfigured(
                f"Local sign-in is for this machine alone, not for {public if is_loopback(host) else host}.",
                code="local_sign_in_not_local",
                hint="Leave local sign-in out, or listen on 127.0.0.1 without POLARIS_PUBLIC_URL.",
            )

    def web_environment(self) -> dict[str, str]:
        """What a process needs in its environment to have the same settings of the web: `from_env` reads it back."""
        values = {
            "POLARIS_PUBLIC_URL": self.public_url,
            "POLARIS_OIDC_ISSUER": self.oidc_issuer,
            "POLARIS_OIDC_CLIENT_ID": self.oidc_client_id,
            "POLARIS_OIDC_CLIENT_SECRET": self.oidc_client_secret,
            "POLARIS_SMTP_URL": self.smtp_url,
            "POLARIS_MAIL_FROM": self.mail_from,
            "POLARIS_LOCAL_SIGN_IN": "1" if self.local_sign_in else None,
            "POLARIS_SLACK_CLIENT_ID": self.slack_client_id,
            "POLARIS_SLACK_CLIENT_SECRET": self.slack_client_secret,
            "POLARIS_SLACK_SIGNING_SECRET": self.slack_signing_secret,
            "POLARIS_SLACK_APP_TOKEN": self.slack_app_token,
            "POLARIS_SLACK_INGRESS": self.slack_ingress,
            "POLARIS_SLACK_KEYS": ",".join(self.slack_keys),
            "POLARIS_SLACK_URL": self.slack_url,
        }
        return {name: value for name, value in values.items() if value}

    def replace(self, **changes: Any) -> Settings:
        """The same settings with some of them changed."""
        return dataclasses.replace(self, **changes)

    @property
    def credentials_file(self) -> Path:
        """0600, ``{"default": NAME, "profiles": {NAME: {"url", "org", "actor", "token"}}}``."""
        return self.home / "credentials.json"

    @property
    def daemon_token_file(self) -> Path:
        """0600, the secret that hooks and the CLI show to the daemon."""
        return self.home / "daemon.token"

    @property
    def daemon_file(self) -> Path:
        """0600, ``{"port", "pid"}`` of the running daemon."""
        return self.home / "daemon.json"

    @property
    def daemon_database(self) -> Path:
        """The daemon's SQLite: bindings and the queue of events that the service has not acknowledged."""
        return self.home / "daemon.sqlite"

    @property
    def spool_folder(self) -> Path:
        """0700; where hooks write while the daemon is down."""
        return self.home / "spool"

    @property
    def bound_folder(self) -> Path:
        """0700; one empty file for each agent session that is bound and not paused."""
        return self.home / "bound"

    @property
    def logs_folder(self) -> Path:
        return self.home / "logs"

    def credential(self) -> Credential:
        """Whom to act as: the chosen profile, with ``POLARIS_URL`` and ``POLARIS_TOKEN`` put over it.

        Raises `Misconfigured` when neither profile nor variables name a service and a token.
        """
        saved = read_credentials(self.credentials_file)
        name = self.profile or saved["default"]
        found = saved["profiles"].get(name, {})
        if self.profile and not found and not (self.url and self.token):
            raise Misconfigured(f"There is no profile {self.profile!r} in {self.credentials_file}.")
        url, token = self.url or found.get("url"), self.token or found.get("token")
        if self.token and is_direct(self.token):  # it says itself where it leads
            url = Address.parse(self.token, "POLARIS_TOKEN").place
        elif self.url and is_direct(self.url) and not self.token and url != found.get("url"):
            token = self.url  # without a password: the server may ask for none, or ~/.pgpass has it
        elif url and is_direct(url) and not is_direct(token or ""):
            raise Misconfigured(
                "A token of the API opens no direct link.",
                code="token_is_not_a_login",
                hint="On a direct link POLARIS_TOKEN is the whole address of the agent's own login.",
            )
        if not url or not token:
            raise Misconfigured(
                "This machine is not signed in to Polaris.",
                code="not_signed_in",
                hint="Run `polaris login URL`, or `polaris up` for a service of your own.",
            )
        if not self.token and url not in (
            found.get("url"),
            token,
        ):  # a saved token is sent to the service that gave it, only
            raise Misconfigured(
                f"The profile {name!r} is for another service than POLARIS_URL.",
                code="not_signed_in",
                hint="Run `polaris login` for that service, or set POLARIS_TOKEN too.",
            )
        # A token from the environment is somebody else than the profile's owner: the service says who.
        mine = not self.token or self.token == found.get("token")
        return Credential(url, found.get("org", "") if mine else "", found.get("actor", "") if mine else "", token)


def read_credentials(file: Path) -> dict[str, Any]:
    """``{"default": NAME, "profiles": {...}}``; empty when there is no file yet.

    Raises `Misconfigured` for a file that others may read: its tokens are not secret any more.
    """
    try:
        with file.open(encoding="utf-8") as opened:
            _require_private(file, os.fstat(opened.fileno()))
            saved = json.load(opened)
    except FileNotFoundError:
        return {"default": "local", "profiles": {}}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}", hint="Mend or remove it.") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("profiles"), dict):
        raise Misconfigured(f"{file} holds no profiles.", hint="Mend or remove it.")
    return {"default": str(saved.get("default", "local")), "profiles": saved["profiles"]}


def save_credential(file: Path, name: str, credential: Credential, *, default: bool = True) -> None:
    """Writes one profile and leaves the others as they are."""
    saved = read_credentials(file)
    saved["profiles"][name] = dataclasses.asdict(credential)
    if default or len(saved["profiles"]) == 1:
        saved["default"] = name
    write_private(file, json.dumps(saved, indent=2) + "\n")


def write_private(file: Path, text: str) -> None:
    """Replaces *file* in one step; nobody else can read it at any moment (0600, folder 0700 when it is new)."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _require_private(file: Path, about: os.stat_result) -> None:
    if not hasattr(os, "getuid"):  # there the folder of the user is private by itself
        return
    if about.st_uid != os.getuid():
        raise Misconfigured(
            f"{file} belongs to another user.",
            code="credentials_not_private",
            hint="Set POLARIS_HOME to a folder of your own.",
        )
    if about.st_mode & 0o077:
        raise Misconfigured(
            f"{file} can be read by others.",
            code="credentials_not_private",
            hint=f"Run: chmod 600 {file} -- and revoke the tokens in it if somebody may have read them.",
        )


def _default_home(env: Mapping[str, str]) -> str:
    return os.path.join(env.get("HOME") or os.path.expanduser("~"), ".polaris")


def _service(env: Mapping[str, str]) -> dict[str, str | None]:
    """``POLARIS_URL`` and ``POLARIS_TOKEN``; the password of a direct link's address belongs to the token."""
    url, token = _url(env, "POLARIS_URL", ("http", "https", "postgresql", "postgres")), env.get("POLARIS_TOKEN") or None
    if url and is_direct(url):
        address = Address.parse(url, "POLARIS_URL")
        return {"url": address.place, "token": token if address.password is None else address.secret}
    return {"url": url, "token": token}


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
        raise Misconfigured(f"{name} has to be a whole number from {least} to {most}.")
    return int(text)


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    text = env.get(name, "").strip()
    if text and text.partition("://")[0] not in schemes:
        # The value stays out of the message: it may hold a password.
        raise Misconfigured(f"{name} has to begin with {' or '.join(s + '://' for s in schemes)}.")
    return text.rstrip("/") if text.startswith("http") else text or None


def _public_url(env: Mapping[str, str]) -> str | None:
    parts = _split(env, "POLARIS_PUBLIC_URL")
    if parts is None:
        return None
    _encrypted("POLARIS_PUBLIC_URL", parts)
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Misconfigured(
            "POLARIS_PUBLIC_URL has to be an origin without a path, such as https://polaris.example.com."
        )
    # As a browser writes an origin, because it is compared with what browsers send.
    usual = {"https": 443, "http": 80}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def _provider(env: Mapping[str, str]) -> dict[str, Any]:
    """Who signs people in. The issuer stays letter for letter: tokens name it, with or without a last slash."""
    issuer = _split(env, "POLARIS_OIDC_ISSUER")
    if issuer is not None:
        _encrypted("POLARIS_OIDC_ISSUER", issuer)
        if issuer.query or issuer.fragment or "@" in issuer.netloc:
            raise Misconfigured("POLARIS_OIDC_ISSUER has to be a URL without user, query and fragment.")
    client = env.get("POLARIS_OIDC_CLIENT_ID", "").strip() or None
    secret = env.get("POLARIS_OIDC_CLIENT_SECRET", "").strip() or None
    if (client is None) != (secret is None):
        raise Misconfigured("POLARIS_OIDC_CLIENT_ID and POLARIS_OIDC_CLIENT_SECRET are set together or not at all.")
    return {
        "oidc_issuer": issuer.geturl() if issuer is not None else GOOGLE,
        "oidc_client_id": client,
        "oidc_client_secret": secret,
    }


def _mail(env: Mapping[str, str]) -> dict[str, str | None]:
    server, sender = _split(env, "POLARIS_SMTP_URL"), env.get("POLARIS_MAIL_FROM", "").strip() or None
    if server is not None and (server.scheme not in ("smtp", "smtps") or server.path not in ("", "/") or server.query):
        raise Misconfigured("POLARIS_SMTP_URL has to look like smtps://user:password@host:port.")
    if sender is not None and not re.fullmatch(rf"{ADDRESS}|[^<>\x00-\x1f]*<{ADDRESS}>", sender):
        raise Misconfigured("POLARIS_MAIL_FROM has to be an address, such as Polaris <polaris@example.com>.")
    if server is not None and sender is None:
        raise Misconfigured("POLARIS_SMTP_URL needs POLARIS_MAIL_FROM, the address that mail comes from.")
    return {"smtp_url": server.geturl() if server is not None else None, "mail_from": sender}


def _slack(env: Mapping[str, str]) -> dict[str, Any]:
    """The Slack app, and the keys that seal the tokens of its workspaces."""
    words = {name: env.get(variable, "").strip() or None for name, variable in SLACK_WORDS.items()}
    ingress = env.get("POLARIS_SLACK_INGRESS", "").strip() or "http"
    if ingress not in ("http", "socket"):
        raise Misconfigured("POLARIS_SLACK_INGRESS has to be http or socket.")
    keys = tuple(key for part in env.get("POLARIS_SLACK_KEYS", "").split(",") if (key := part.strip()))
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}=", key) for key in keys):
        raise Misconfigured("POLARIS_SLACK_KEYS has to be keys as `polaris slack new-key` makes them, with commas.")
    needed = (
        {"client_secret", "app_token" if ingress == "socket" else "signing_secret"} if words["client_id"] else set()
    )
    if lacking := [SLACK_WORDS[name] for name in sorted(needed) if not words[name]]:
        raise Misconfigured(f"POLARIS_SLACK_CLIENT_ID needs {' and '.join(lacking)}, too.")
    if words["client_id"] and not keys:
        raise Misconfigured(
            "POLARIS_SLACK_CLIENT_ID needs POLARIS_SLACK_KEYS, which seal the tokens of workspaces.",
            hint="Make one: polaris slack new-key",
        )
    place = _split(env, "POLARIS_SLACK_URL")
    if place is not None:
        _encrypted("POLARIS_SLACK_URL", place)
    found: dict[str, Any] = {f"slack_{name}": value for name, value in words.items()}
    url = place.geturl().rstrip("/") if place is not None else SLACK
    return found | {"slack_ingress": ingress, "slack_keys": keys, "slack_url": url}


def _split(env: Mapping[str, str], name: str) -> SplitResult | None:
    """The parts of a URL with a host; the value stays out of the message, because it may hold a password."""
    text = env.get(name, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        whole = parts.hostname and (parts.port is None or parts.port > 0)  # a port that is none raises here
    except ValueError:
        whole = None
    if not whole or re.search(r"[\s\x00-\x1f]", text):
        raise Misconfigured(f"{name} has to be a URL with a host.")
    return parts


def _encrypted(name: str, parts: SplitResult) -> None:
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise Misconfigured(f"{name} has to begin with https://; http:// is for this machine itself (127.0.0.1) alone.")


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip()
    if text not in ("", "0", "1"):
        raise Misconfigured(f"{name} has to be 1 or 0.")
    return text == "1"


def _level(env: Mapping[str, str]) -> str:
    text = env.get("POLARIS_LOG_LEVEL", "").strip().lower() or "info"
    if text not in LEVELS:
        raise Misconfigured(f"POLARIS_LOG_LEVEL has to be one of {', '.join(LEVELS)}.")
    return text
