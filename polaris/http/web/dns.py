"""Whether a domain is an organization's: the record that only who runs the domain can have written."""

from __future__ import annotations

import hmac

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from aiohttp import web

from polaris.errors import PolarisError, Unprocessable

PREFIX = "polaris-verify="
LABEL = "_polaris"
TIMEOUT_SECONDS = 5.0


class ProofMissing(Unprocessable):
    """The domain does not show the organization's proof."""

    code = "proof_missing"


class NamesUnavailable(PolarisError):
    """The name server of the domain does not answer."""

    status, code = 502, "names_unavailable"
    hint = "Try again in a few minutes. If it goes on, look at the domain's name servers."


def record(domain: str, proof: str) -> tuple[str, str]:
    """Name and text of the TXT record that people are asked to add."""
    return f"{LABEL}.{domain}", PREFIX + proof


class Names:
    """Asks for proofs; *resolver* is this machine's own unless another one is given."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._resolver = resolver

    async def require_proof(self, domain: str, proof: str) -> None:
        """Returns when the domain shows *proof*, at its own name or below ``_polaris``.

        Raises `ProofMissing` with what is to be done, or `NamesUnavailable` when nobody could say.
        """
        where, wanted = record(domain, proof)
        found: list[str] = []
        silent: Exception | None = None
        for name in (where, domain):
            try:
                texts = await self._texts(name)
            except (dns.exception.DNSException, OSError) as error:
                silent = error
                continue
            if any(hmac.compare_digest(text.encode(), wanted.encode()) for text in texts):
                return
            found += [text for text in texts if text.startswith(PREFIX)]
        if silent is not None:
            raise NamesUnavailable(f"The name server of {domain} does not answer.") from silent
        if found:
            raise ProofMissing(
                f"The record of {domain} has another value than this organization's.",
                hint=f"Set the TXT record {where} to {wanted}",
            )
        raise ProofMissing(
            f"{domain} has no TXT record with the proof yet.",
            hint=f"Add the TXT record {where} with the value {wanted} — it can take some minutes to be seen.",
        )

    async def _texts(self, name: str) -> list[str]:
        """The TXT records there; none when there is no such name."""
        resolver = self._resolver or dns.asyncresolver.get_default_resolver()
        try:
            absolute = dns.name.from_text(name, dns.name.root)  # never below this machine's own search domains
            answer = await resolver.resolve(absolute, "TXT", lifetime=TIMEOUT_SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer]


NAMES = web.AppKey("names", Names)
