"""The audit log on the web: newest first, in words; whole as a file that anybody can check. For administrators."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from polaris.audit import Anchor
from polaris.db import calls
from polaris.errors import Unprocessable
from polaris.http import audit
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.form_page import page
from polaris.model import AuditRow

PAGE, LOOKED_THROUGH = 50, 500  # rows of a page; rows that a page looks through when it shows only some of them
LARGEST = 2**63 - 1
GROUPS = (
    ("sign_in", "Sign-ins"),
    ("org", "Organization"),
    ("member", "Members"),
    ("invite", "Invitations"),
    ("domain", "Domains"),
    ("token", "Tokens"),
    ("login", "Database logins"),
    ("project", "Projects"),
    ("policy", "Sender policies"),
    ("seat", "Seats"),
    ("slack", "Slack"),
    ("export", "Exports"),
    ("retention", "Retention"),
    ("hold", "Legal holds"),
    ("erasure", "Erasures"),
    ("scrub", "Scrubbing"),
    ("analyst", "Analysts"),
)
WORDS = {
    "sign_in": "signed in",
    "org.created": "made the organization",
    "member.added": "added the member",
    "member.joined": "joined by its domain",
    "member.left": "left",
    "member.removed": "removed the member",
    "member.role": "changed the role of",
    "invite.created": "invited",
    "invite.accepted": "accepted the invitation to",
    "invite.revoked": "revoked the invitation to",
    "domain.added": "added the domain",
    "domain.proven": "proved the domain",
    "domain.lost": "another organization proved the domain",
    "domain.removed": "removed the domain",
    "token.issued": "issued a token for",
    "token.revoked": "revoked a token of",
    "login.registered": "registered a database login of",
    "login.revoked": "revoked a database login of",
    "project.visibility": "changed who sees the project",
    "project.member_added": "put on the list of a project",
    "project.member_removed": "took off the list of a project",
    "policy.set": "set who may speak to",
    "seat.taken_over": "took over the seat of",
    "slack.connected": "connected the Slack workspace",
    "slack.disconnected": "disconnected the Slack workspace",
    "slack.refused": "found that Slack refuses the token",
    "slack.settings": "changed how Slack is used",
    "slack.person": "said who this person of Slack is",
    "slack.channel": "changed the Slack channel of",
    "export": "exported",
    "project.imported": "imported",
    "analyst.created": "let read the history",
    "analyst.revoked": "ended the login of",
    "retention.set": "set how long events are kept",
    "hold.placed": "placed a legal hold",
    "hold.lifted": "lifted a legal hold",
    "erasure.begun": "asked to erase",
    "erasure.done": "erased",
    "scrub.events": "scrubbed events of",
    "scrub.texts": "scrubbed advice and posts of",
}
OF_ONESELF = ("member.left", "member.joined")  # the target is who acts


async def show(request: web.Request) -> web.Response:
    """``?before=`` turns the pages; ``?of=token`` shows one kind of action out of the rows that it looks through."""
    who, of = site.caller(request), request.query.get("of", "").strip()
    size = LOOKED_THROUGH if of else PAGE
    async with request.app[SERVICE].database.connection() as conn:
        head = await calls.get_audit_head(conn, who.org_id, who.actor)
        # Numbers have no holes: the page before a number is a page after a smaller one.
        end = min(_before(request) or LARGEST, head.last_id + 1)
        start = max(0, end - 1 - size)
        count = end - 1 - start
        rows = await calls.list_audit(conn, who.org_id, who.actor, start, count) if count > 0 else []
    return await page(
        request,
        "audit.html",
        None,
        rows=[entry(row) for row in reversed(rows) if not of or row.action.split(".")[0] == of],
        first=start + 1,
        last=end - 1,
        head=head,
        anchor=str(Anchor(head.last_id, head.last_hash)),
        groups=GROUPS,
        of=of,
    )


async def export(request: web.Request) -> web.StreamResponse:
    return await audit.send_export(request, site.caller(request))


def entry(row: AuditRow) -> dict[str, Any]:
    """A row as a sentence; the pairs are what its detail says beside that."""
    pairs: list[tuple[str, str]] = []
    found = json.loads(row.detail) if row.detail else {}
    for name, value in found.items() if isinstance(found, dict) else [("detail", found)]:
        if value is not None:
            pairs.append((name.replace("_", " "), value if isinstance(value, str) else json.dumps(value)))
    target = "" if row.action in OF_ONESELF else row.target or ""
    return {"row": row, "words": WORDS.get(row.action, row.action), "target": target, "pairs": pairs}


def _before(request: web.Request) -> int | None:
    text = request.query.get("before", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 19):
        raise Unprocessable("before is the number of a row.")
    return max(int(text), 1)
