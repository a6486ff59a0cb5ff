"""Sign-in with an OpenID Connect provider: where to send the browser, and who it is that comes back.

The authorization code flow with PKCE, state and nonce. Everything that the provider and the browser say is checked
here; what must outlive a request (`Pending`) is a row of the database, so that any process can finish a sign-in.
"""

from __future__ import annotations

import asyncio
import functools
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from httpx2 import HTTPError, InvalidURL, create_ssl_context
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from polaris.errors import Forbidden, PolarisError
from polaris.settings import GOOGLE, is_loopback

ALGORITHMS = ["RS256"]  # what every provider has to offer; nothing symmetric, and never "none"
LEEWAY_SECONDS = 60
METADATA_SECONDS = 3600.0
REFETCH_SECONDS = 60.0  # how soon keys that did not fit are fetched once more
TIMEOUT_SECONDS = 10.0

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class SignInRefused(Forbidden):
    """This sign-in cannot be trusted."""

    # `reason` is one word for the audit row, `said` what goes with it. No part of a token ever stands in them.
    code = "sign_in_not_trusted"
    hint = "Begin again. If it happens twice, tell your administrator the reason."

    def __init__(self, reason: str, message: str | None = None, *, hint: str | None = None, **said: str) -> None:
        super().__init__(message, hint=hint, details={"reason": reason, **said})
        self.reason, self.said = reason, said


class ProviderUnavailable(PolarisError):
    """The provider of the sign-in does not answer as it should."""

    status, code = 502, "provider_unavailable"
    hint = "Try again in a minute. If it goes on, tell your administrator: the log of the service has the reason."


@dataclass(frozen=True)
class Pending:
    """A sign-in that was begun: what its end is checked against."""

    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Pending:
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass(frozen=True)
class Who:
    """Who signed in. The key of a person is (issuer, subject); an address may change and may be given away again.

    ``domain`` is what may let a person into an organization: Google's own statement, otherwise what is behind the @ of
    an address that the configured issuer has verified.
    """

    issuer: str
    subject: str
    email: str
    name: str
    picture: str | None
    domain: str | None


class Provider:
    """One provider, as the settings name it. Keeps its metadata for an hour, and its keys until one does not fit."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Without its last slash everywhere, so that a person stays the same one however the setting is written.
        self.issuer = issuer.rstrip("/")
        self.client_id, self._secret, self._clock = client_id, client_secret, clock
        self.is_google = self.issuer == GOOGLE
        self._local = not self.issuer.startswith("https://")
        self._lock = asyncio.Lock()
        self._metadata: OpenIDProviderMetadata | None = None
        self._metadata_at = 0.0
        self._keys: KeySet | None = None
        self._refetched_at: float | None = None

    @property
    def name(self) -> str:
        """How a button calls it."""
        return "Google" if self.is_google else urlsplit(self.issuer).netloc

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        """Slow to make, so it is made once, and only when somebody signs in."""
        return create_ssl_context()

    async def address(self, pending: Pending, state: str, redirect_uri: str) -> str:
        """Where to send the browser. Raises `ProviderUnavailable`."""
        metadata = await self._discover()
        # A strict provider refuses values that it does not list, so only Google is asked to let people choose.
        extra = {"prompt": "select_account"} if self.is_google else {}
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
                **extra,
            )
        return str(url)

    async def finish(self, pending: Pending, query: Mapping[str, str], redirect_uri: str) -> Who:
        """Who came back with *query*. Raises `SignInRefused` or `ProviderUnavailable`.

        The state is not looked at here: it is what *pending* was found by.
        """
        if query.get("iss", self.issuer).rstrip("/") != self.issuer:  # RFC 9207: another provider's answer
            raise SignInRefused("foreign_answer", "The answer is from another provider.")
        if "error" in query:
            said = _word(query["error"])
            if said == "access_denied":
                raise SignInRefused("denied", "You did not allow the sign-in.", hint="Sign in again when you want to.")
            raise SignInRefused("provider_said_no", f"The provider said no: {said}.", error=said)
        if not query.get("code"):
            raise SignInRefused("no_code", "The answer of the provider has no code.")
        return await self._verify(await self._exchange(pending, query["code"], redirect_uri), pending.nonce)

    async def _exchange(self, pending: Pending, code: str, redirect_uri: str) -> Mapping[str, Any]:
        metadata = await self._discover()
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"],
                    code=code,
                    grant_type="authorization_code",
                    code_verifier=pending.verifier,
                )
        except OAuthError as error:
            said = _word(error.error)
            raise SignInRefused("code", f"The provider did not take the code: {said}.", error=said) from None
        except (HTTPError, ValueError, TypeError) as error:
            raise ProviderUnavailable(details={"endpoint": "token"}) from error
        if not isinstance(token, dict):
            raise ProviderUnavailable(details={"endpoint": "token"})
        return token

    async def _verify(self, token: Mapping[str, Any], nonce: str) -> Who:
        text = token.get("id_token")
        if not isinstance(text, str):
            raise SignInRefused("no_id_token", "The provider did not say who you are.")
        try:
            decoded = await self._decode(text)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "values": self._issuers()},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                    "iat": {"essential": True},
                },
                {"nonce": nonce, "client_id": self.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            # The kind of error and the name of the claim; the text of others may quote the token.
            said = {"error": type(error).__name__}
            if isinstance(claim := getattr(error, "claim", None), str):
                said["claim"] = claim
            raise SignInRefused("id_token", "What the provider said about you does not hold.", **said) from None
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInRefused("id_token", "What the provider said about you does not hold.", claim="nonce")
        return self._who(claims)

    def _who(self, claims: Mapping[str, Any]) -> Who:
        subject, email = claims["sub"], claims.get("email")
        if len(subject) > 255 or _CONTROL.search(subject):
            raise SignInRefused("id_token", "What the provider said about you does not hold.", claim="sub")
        if claims.get("email_verified") is not True:  # the text "true" is not true
            raise SignInRefused(
                "address_not_verified",
                "The provider has not verified your e-mail address.",
                hint="Verify the address there, then sign in again.",
            )
        if not isinstance(email, str) or len(email) > 254 or not _ADDRESS.fullmatch(email):
            raise SignInRefused("no_address", "The provider did not tell your e-mail address.")
        hosted = claims.get("hd")
        domain = (hosted if isinstance(hosted, str) else None) if self.is_google else email.rpartition("@")[2]
        return Who(
            self.issuer,  # not the claim: Google writes its own in two ways
            subject,
            email,
            _line(claims.get("name"), 200) or email.partition("@")[0],
            _picture(claims.get("picture")),
            domain.lower() if domain else None,
        )

    async def _decode(self, text: str) -> jwt.Token:
        keys = await self._current_keys()
        try:
            return jwt.decode(text, keys, algorithms=ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):
            # The keys were exchanged, perhaps; a provider without key ids shows it by a signature that fails.
            again = await self._other_keys(keys)
            if again is None:
                raise
            return jwt.decode(text, again, algorithms=ALGORITHMS)

    async def _current_keys(self) -> KeySet:
        metadata = await self._discover()
        async with self._lock:
            if self._keys is None:
                self._keys = await self._fetch_keys(metadata)
            return self._keys

    async def _other_keys(self, tried: KeySet) -> KeySet | None:
        """Keys that are not *tried*; None when they were fetched again a moment ago."""
        metadata = await self._discover()
        async with self._lock:
            if self._keys is not None and self._keys is not tried:
                return self._keys  # somebody who waited for the same was first
            now = self._clock()
            if self._refetched_at is not None and now - self._refetched_at < REFETCH_SECONDS:
                return None
            self._refetched_at = now
            self._keys = await self._fetch_keys(metadata)
            return self._keys

    async def _discover(self) -> OpenIDProviderMetadata:
        async with self._lock:
            if self._metadata is None or self._clock() - self._metadata_at > METADATA_SECONDS:
                found = await self._get(get_well_known_url(self.issuer, external=True))
                ends = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
                said = found.get("issuer")
                if not isinstance(said, str) or said.rstrip("/") != self.issuer:  # Discovery 4.3
                    raise SignInRefused("foreign_issuer", "The provider calls itself otherwise than it was set up.")
                if not all(isinstance(end, str) and _is_safe(end) for end in ends):
                    raise ProviderUnavailable(details={"endpoint": "discovery"})
                self._metadata, self._metadata_at = OpenIDProviderMetadata(found), self._clock()
                self._keys = None
            return self._metadata

    async def _fetch_keys(self, metadata: Mapping[str, Any]) -> KeySet:
        found = await self._get(metadata["jwks_uri"])
        try:
            # A key that says it is for something else, or of a kind that is not known here, is none of ours.
            wanted = [key for key in found["keys"] if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
            return KeySet.import_key_set({"keys": wanted})
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderUnavailable(details={"endpoint": "keys"}) from error

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            async with self._client("") as client:
                answer = await client.request("GET", url, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except (HTTPError, InvalidURL, ValueError) as error:
            raise ProviderUnavailable(details={"url": url}) from error
        if not isinstance(found, dict):
            raise ProviderUnavailable(details={"url": url})
        return found

    def _client(self, redirect_uri: str) -> Any:  # authlib has no types
        return AsyncOAuth2Client(
            self.client_id,
            self._secret,
            token_endpoint_auth_method="client_secret_post",
            scope="openid email profile",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            verify=self._tls,
            trust_env=not self._local,  # no proxy on the way to this machine itself
        )

    def _issuers(self) -> list[str]:
        known = [self.issuer, self.issuer + "/"]
        return [*known, "accounts.google.com"] if self.is_google else known


def _is_safe(url: str) -> bool:
    """Secrets go there: https, or this machine itself. The settings hold the issuer to the same."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    )


def _word(text: object) -> str:
    """The code of an OAuth error, or nothing of it when it is not one."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", text) else "unknown"


def _line(text: object, most: int) -> str:
    return _CONTROL.sub(" ", text).strip()[:most] if isinstance(text, str) else ""


def _picture(text: object) -> str | None:
    known = isinstance(text, str) and len(text) <= 2000 and re.fullmatch(r"https://[!-~]+", text)
    return text if known and isinstance(text, str) else None
