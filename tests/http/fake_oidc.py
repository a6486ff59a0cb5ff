"""An OpenID Connect provider over real HTTP that signs everybody in, and lies when it is asked to.

It holds its clients to the protocol (registered client, exact redirect, PKCE, codes that work once), so that a client
that leaves something out fails here as it would fail at a strict provider. ``defect`` names what it does wrong.
`independent` starts somebody else's provider.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "polaris", "a-secret-of-the-client"
MANU = {"sub": "1138", "email": "manu@example.com", "email_verified": True, "name": "Manu"}

Claims = dict[str, Any]
# What a lying provider changes in the claims that it signs.
CLAIMS: dict[str, Callable[[Claims], Any]] = {
    "other audience": lambda c: c.update(aud="someone-else"),
    "several audiences, not issued to us": lambda c: c.update(aud=["polaris", "other"], azp="other"),
    "no audience": lambda c: c.pop("aud"),
    "other nonce": lambda c: c.update(nonce="other"),
    "no nonce": lambda c: c.pop("nonce"),
    "expired": lambda c: c.update(iat=1_000_000_000, exp=1_000_000_300),
    "no expiry": lambda c: c.pop("exp"),
    "expiry as text": lambda c: c.update(exp=str(c["exp"])),
    "issued in the future": lambda c: c.update(iat=c["iat"] + 3600, exp=c["exp"] + 3600),
    "no time of issue": lambda c: c.pop("iat"),
    "other issuer": lambda c: c.update(iss="https://evil.example"),
    "no issuer": lambda c: c.pop("iss"),
    "no subject": lambda c: c.pop("sub"),
    "empty subject": lambda c: c.update(sub=""),
    "subject as a number": lambda c: c.update(sub=1138),
    "hash of another access token": lambda c: c.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "address not verified": lambda c: c.update(email_verified=False),
    "verified as text": lambda c: c.update(email_verified="true"),
    "no word about the address": lambda c: c.pop("email_verified"),
    "no address": lambda c: c.pop("email"),
    "address of two lines": lambda c: c.update(email="manu@example.com\nBcc: x@example.com"),
}
FORMS = (
    "alg none",
    "signed with the public key as a secret",
    "broken signature",
    "key of somebody else",
    "unknown key id",
    "no id token",
    "id token is no text",
    "id token is no token",
)
FAULTS = (
    "token endpoint fails",
    "token endpoint says nothing",
    "token endpoint talks HTML",
    "keys are gone",
    "keys are no keys",
)
DISCOVERY = (
    "foreign issuer",
    "no keys named",
    "token endpoint without TLS",
    "discovery is gone",
    "discovery is a list",
)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@functools.cache
def first_key() -> RSAKey:
    """The one that providers begin with: keys take long to make."""
    return new_key()


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4), "alg": "RS256", "use": "sig"})


class FakeProvider:
    """``person`` is who signs in next; ``asked`` what the last browser was sent with; ``key_fetches`` a count."""

    issuer: str

    def __init__(self) -> None:
        self.person: Claims = dict(MANU)
        self.defect = ""
        self.asked: dict[str, str] = {}
        self.key_fetches = 0
        self.redirect_uris: set[str] = set()  # empty: any
        self._grants: dict[str, dict[str, str]] = {}
        self.key = first_key()

    def rotate(self) -> None:
        """A new key; the one before is no longer published."""
        self.key = new_key()

    def grant(self, query: dict[str, str]) -> str:
        """A code for these parameters of the authorization endpoint."""
        code = secrets.token_hex(16)
        self._grants[code] = query
        return code

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeProvider]:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.issuer = f"http://127.0.0.1:{site.port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _discovery(self, request: web.Request) -> web.Response:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/jwks",
        }
        match self.defect:
            case "foreign issuer":
                found["issuer"] = "https://evil.example"
            case "no keys named":
                del found["jwks_uri"]
            case "token endpoint without TLS":
                found["token_endpoint"] = "http://provider.example/token"
            case "discovery is gone":
                raise web.HTTPNotFound
            case "discovery is a list":
                return web.json_response([found])
        return web.json_response(found)

    async def _jwks(self, request: web.Request) -> web.Response:
        self.key_fetches += 1
        if self.defect == "keys are gone":
            raise web.HTTPServiceUnavailable
        if self.defect == "keys are no keys":
            return web.json_response({"keys": [{"kty": "RSA", "n": "!"}, "x"]})
        # Real providers publish keys for other purposes beside the one that signs.
        encryption = {"kty": "EC", "crv": "P-256", "use": "enc", "kid": "e", "x": "AA", "y": "AA"}
        return web.json_response({"keys": [self.key.as_dict(private=False), encryption]})

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        query = self.asked = dict(request.query)
        refused = (
            query.get("client_id") != CLIENT_ID
            or query.get("response_type") != "code"
            or "openid" not in query.get("scope", "").split()
            or query.get("code_challenge_method") != "S256"
            or not query.get("state")
            or (self.redirect_uris and query.get("redirect_uri") not in self.redirect_uris)
        )
        if refused:
            return web.json_response({"error": "invalid_request"}, status=400)
        back = {"code": self.grant(query), "state": query["state"], "iss": self.issuer}
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(back)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        grant = self._grants.pop(str(form.get("code")), None)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        challenge = b64(hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest())
        if not grant or grant["code_challenge"] != challenge or grant["redirect_uri"] != form.get("redirect_uri"):
            return web.json_response({"error": "invalid_grant", "error_description": "so it is"}, status=400)
        match self.defect:
            case "token endpoint fails":
                return web.json_response({"error": "server_error"}, status=500)
            case "token endpoint says nothing":
                return web.Response()
            case "token endpoint talks HTML":
                return web.Response(text="<h1>Busy</h1>", content_type="text/html")
        answer: dict[str, Any] = {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 300}
        match self.defect:
            case "no id token":
                pass
            case "id token is no text":
                answer["id_token"] = {"sub": "1138"}
            case "id token is no token":
                answer["id_token"] = "a.b.c"
            case _:
                answer["id_token"] = self.id_token(grant.get("nonce", ""), answer["access_token"])
        return web.json_response(answer)

    def id_token(self, nonce: str, access_token: str = "") -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        claims["at_hash"] = b64(hashlib.sha256(access_token.encode()).digest()[:16])
        if change := CLAIMS.get(self.defect):
            change(claims)
        header = {"alg": "RS256", "kid": self.key.kid}
        match self.defect:
            case "alg none":
                body = jwt.encode(header, claims, self.key).split(".")[1]
                return f"{b64(json.dumps({'alg': 'none', 'typ': 'JWT'}).encode())}.{body}."
            case "signed with the public key as a secret":
                return _hmac({"alg": "HS256", "kid": self.key.kid}, claims, self.key.as_pem(private=False))
            case "broken signature":
                head, body, signature = jwt.encode(header, claims, self.key).split(".")
                return f"{head}.{body}.{'A' * len(signature)}"
            case "key of somebody else":
                return jwt.encode(header, claims, new_key())
            case "unknown key id":
                return jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, new_key())
        return jwt.encode(header, claims, self.key)


def _hmac(header: dict[str, Any], claims: Claims, secret: bytes) -> str:
    """By hand: the library refuses to use a public key as a secret, a forger does not."""
    signed = ".".join(b64(json.dumps(part).encode()) for part in ({"typ": "JWT", **header}, claims))
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


@contextmanager
def independent(*people: Claims) -> Iterator[str]:
    """The provider from PyPI that knows *people*, in a process of its own; answers its issuer."""
    known = [word for person in people for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", "0", *known]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        for line in process.stderr:
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise AssertionError(f"the provider ended with {process.wait()}")
        rest = threading.Thread(target=process.stderr.read)  # a full pipe would stop it
        rest.start()
        yield found[1]
    finally:
        process.terminate()
        process.wait()
    rest.join()
    process.stderr.close()
